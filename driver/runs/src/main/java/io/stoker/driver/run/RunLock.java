// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.stoker.base.PeriodicTask;
import io.stoker.data.storage.Storage;
import io.stoker.data.storage.WriteProbe;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two drivers from writing to one folder, such as a run folder. {@code lock.json} names the
 * driver that holds the lock, and that driver rewrites it every few seconds with a higher number,
 * its heartbeat. A driver takes over a lock whose holder is known to be dead, or whose number has
 * not changed for several heartbeats. The clocks of machines are not compared.
 *
 * <p>To take over, a driver creates the lock file with the next number, see {@link LockFiles}. On a
 * local disk and on HDFS only one of many drivers can create a file. S3 has no request for that:
 * the driver that wrote last has the lock. There, each driver reads its file again after it has
 * waited longer than the others need to write theirs. A driver whose request took longer waits
 * until the other one has read the file at its next heartbeat.
 *
 * <p>No filesystem lets a driver write only if it has the lock. A driver therefore checks that the
 * lock is still its own before it writes, {@link #requireHeld}: a process that was stopped for a
 * while, or a machine that slept, ends there.
 */
public final class RunLock implements AutoCloseable {
  /** What the names of a run folder's lock files begin with. */
  private static final String NAME = "lock";

  private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
  private static final long POLL_MILLISECONDS = 500;
  private static final Duration BEAT = Duration.ofSeconds(5);
  private static final int BEATS_UNTIL_TAKEN = 4;

  /** For so many heartbeats after it has read its lock, a driver need not read it again. */
  private static final int BEATS_CONFIRMED = 2;

  /** A driver waits for this part of a heartbeat on S3 before it reads what it has written. */
  private static final int PARTS_OF_BEAT = 5;

  /** Each attempt after the first means that another driver took or released the lock meanwhile. */
  private static final int ATTEMPTS = 20;

  /**
   * The ids of the locks that this process holds. A lock of this process with another id is stale.
   */
  private static final Set<String> HELD = ConcurrentHashMap.newKeySet();

  private final LockFiles files;
  private final int number;
  private final Duration beat;
  private final PeriodicTask heart;

  @GuardedBy("this") private Holder holder;

  @GuardedBy("this") private Optional<String> newHolder = Optional.empty();

  @GuardedBy("this") private boolean closed;

  @GuardedBy("this") private long confirmedNanos = System.nanoTime();

  @GuardedBy("this") private long confirmedMillis = System.currentTimeMillis();

  /**
   * The driver that holds a lock.
   *
   * @param id identifies this lock
   * @param process the holder's process
   * @param beat grows while the holder lives
   */
  record Holder(String id, DriverProcess process, long beat) {
    Holder {
      Check.undamaged(id != null && process != null, "A lock without a holder");
    }

    Holder next() {
      return new Holder(id, process, beat + 1);
    }

    boolean isKnownToBeDead() {
      return process.isKnownToBeDead()
          || (process.equals(DriverProcess.current()) && !HELD.contains(id));
    }
  }

  private RunLock(LockFiles files, int number, Holder holder, Duration beat) {
    this.files = files;
    this.number = number;
    this.holder = holder;
    this.beat = beat;
    this.heart =
        PeriodicTask.start(
            "run-lock",
            beat,
            this::beat,
            failure -> LOG.debug("Cannot write {}", files.file(number), failure));
  }

  /**
   * Takes a run folder's lock, and makes the folder for it.
   *
   * @param run the run folder
   * @param hadoop how to reach it
   * @throws InputException if another driver has it
   * @throws ResourceException if the folder cannot be written
   */
  static RunLock acquire(Path run, Configuration hadoop) {
    return acquire(run, hadoop, BEAT);
  }

  static RunLock acquire(Path run, Configuration hadoop, Duration beat) {
    try {
      return tryAcquire(new LockFiles(run, NAME, hadoop), beat);
    } catch (HeldException e) {
      throw inUse(run, e);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot write run folder %s: %s".formatted(run, WriteProbe.reason(e)), e);
    }
  }

  private static InputException inUse(Path run, HeldException held) {
    return new InputException(
        "Run folder %s is in use by %s: end that job first, or say another --run"
            .formatted(run, held.getMessage()),
        held);
  }

  /**
   * Makes sure that no process of this machine has a run folder's lock, and changes nothing. Of
   * other machines only {@link #acquire} can tell, by waiting.
   *
   * @throws InputException if one has it
   * @throws IOException if the lock cannot be read
   */
  static void refuseInUseHere(Path run, Configuration hadoop) throws IOException {
    Optional<Holder> holder = holder(new LockFiles(run, NAME, hadoop).read());
    if (holder.isPresent() && state(holder) == State.ALIVE) {
      throw inUse(run, new HeldException(holder.get()));
    }
  }

  /**
   * Takes a lock, and makes the folder for it.
   *
   * @throws HeldException if another driver has it
   * @throws IOException if the folder cannot be written
   */
  static RunLock acquire(LockFiles files) throws IOException, HeldException {
    return tryAcquire(files, BEAT);
  }

  /** Another driver has the lock; the message names its process. */
  static final class HeldException extends Exception {
    private static final long serialVersionUID = 1L;

    HeldException(Holder holder) {
      super(holder.process().toString());
    }
  }

  /**
   * Takes a lock, and makes the folder for it.
   *
   * @param folder where its files are
   * @param name what their names begin with
   * @param hadoop how to reach the folder
   * @return empty if another driver has it
   * @throws IOException if the folder cannot be written
   */
  public static Optional<RunLock> tryAcquire(Path folder, String name, Configuration hadoop)
      throws IOException {
    return tryAcquire(new LockFiles(folder, name, hadoop));
  }

  private static Optional<RunLock> tryAcquire(LockFiles files) throws IOException {
    try {
      return Optional.of(acquire(files));
    } catch (HeldException e) {
      return Optional.empty();
    }
  }

  /**
   * Takes a lock likewise, and waits for it as long as another driver that is alive has it.
   *
   * @throws ResourceException if the folder cannot be written
   */
  static RunLock await(LockFiles files) {
    try {
      Optional<RunLock> lock = tryAcquire(files);
      if (lock.isEmpty()) {
        LOG.warn("Waiting for another application, which writes {}", files.locked());
      }
      while (lock.isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLISECONDS);
        lock = tryAcquire(files);
      }
      return lock.get();
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot write %s: %s".formatted(files.folder(), Storage.reason(e)), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ResourceException("Interrupted while waiting for the lock of " + files.locked(), e);
    }
  }

  private static RunLock tryAcquire(LockFiles files, Duration beat)
      throws IOException, HeldException {
    Storage.of(files.folder(), files.hadoop()).mkdirs(files.folder());
    Holder holder = new Holder(UUID.randomUUID().toString(), DriverProcess.current(), 0);
    HELD.add(holder.id()); // Before there is a file that names it.
    boolean taken = false;
    try {
      RunLock lock = new RunLock(files, take(files, holder, beat), holder, beat);
      taken = true;
      return lock;
    } finally {
      if (!taken) {
        HELD.remove(holder.id());
      }
    }
  }

  /** Takes the lock, and returns the number of its file. */
  private static int take(LockFiles files, Holder holder, Duration beat)
      throws IOException, HeldException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      NavigableMap<Integer, Optional<Holder>> before = files.read();
      if (!before.isEmpty() && !isAbandoned(files, before.lastEntry(), beat)) {
        continue;
      }
      int number = before.isEmpty() ? 0 : before.lastKey() + 1;
      if (create(files, number, holder, beat) && isTaken(files, before, number, holder)) {
        for (int older : files.read().headMap(number).keySet()) {
          files.delete(older);
        }
        return number;
      }
    }
    throw new IOException("other drivers take and release its lock all the time");
  }

  private static boolean create(LockFiles files, int number, Holder holder, Duration beat)
      throws IOException {
    long start = System.nanoTime();
    if (!files.create(number, holder)) {
      return false;
    }
    if (!files.createsExclusively()) {
      Duration settled = beat.dividedBy(PARTS_OF_BEAT);
      boolean late = System.nanoTime() - start > settled.toNanos();
      sleep(late ? beat.multipliedBy(BEATS_CONFIRMED) : settled, files);
    }
    return true;
  }

  /**
   * Whether the file that a driver created has the lock. It has not if another driver took over and
   * released the lock between looking and creating: then the file that was taken over is gone.
   */
  private static boolean isTaken(
      LockFiles files, NavigableMap<Integer, Optional<Holder>> before, int number, Holder holder)
      throws IOException {
    NavigableMap<Integer, Optional<Holder>> now = files.read();
    if (!isOf(now.get(number), holder)) {
      return false;
    }
    boolean newest = now.lastKey() == number;
    boolean sameBefore =
        before.isEmpty() || id(before.lastEntry()).equals(id(now.lowerEntry(number)));
    if (newest && sameBefore) {
      return true;
    }
    files.delete(number);
    return false;
  }

  private static boolean isOf(Optional<Holder> file, Holder holder) {
    return file != null && file.isPresent() && file.get().id().equals(holder.id());
  }

  /** What identifies a lock file, and the lock in it. */
  private static String id(Map.Entry<Integer, Optional<Holder>> file) {
    return file == null ? "" : file.getKey() + " " + file.getValue().map(Holder::id).orElse("");
  }

  /** What a lock says of the driver that holds it, as far as this machine can tell. */
  public enum State {
    /** There is no lock: no driver trains here. */
    FREE,
    /** Its holder is a process on this machine, and alive. */
    ALIVE,
    /** Its holder was a process on this machine, and has ended. */
    DEAD,
    /** Its holder is on another machine, or cannot be read: only the file's time tells. */
    UNKNOWN
  }

  /**
   * Looks at a run folder's lock, and changes nothing.
   *
   * @param run the run folder
   * @param hadoop how to reach it
   * @throws IOException if it cannot be read
   */
  static State look(Path run, Configuration hadoop) throws IOException {
    NavigableMap<Integer, Optional<Holder>> found = new LockFiles(run, NAME, hadoop).read();
    return found.isEmpty() ? State.FREE : state(holder(found));
  }

  /** Of the newest file; empty if there is none, or it cannot be read. */
  private static Optional<Holder> holder(NavigableMap<Integer, Optional<Holder>> files) {
    return files.isEmpty() ? Optional.empty() : files.lastEntry().getValue();
  }

  private static State state(Optional<Holder> holder) {
    if (holder.map(Holder::isKnownToBeDead).orElse(false)) {
      return State.DEAD;
    }
    return holder.map(known -> known.process().isKnownToLive()).orElse(false)
        ? State.ALIVE
        : State.UNKNOWN;
  }

  /**
   * Waits until the holder of the newest lock file is known to be dead, or has written nothing for
   * several heartbeats.
   *
   * @return false if another driver has taken the lock or released it meanwhile
   * @throws HeldException if the holder is alive
   */
  private static boolean isAbandoned(
      LockFiles files, Map.Entry<Integer, Optional<Holder>> newest, Duration beat)
      throws IOException, HeldException {
    Optional<Holder> first = newest.getValue();
    if (first.isPresent() && first.get().isKnownToBeDead()) {
      // It may have released the lock, and ended, after the file was read.
      return id(newest).equals(id(files.read().lastEntry()));
    }
    if (first.isPresent() && first.get().process().isKnownToLive()) {
      throw new HeldException(first.get());
    }
    Duration patience = beat.multipliedBy(BEATS_UNTIL_TAKEN);
    LOG.warn(
        "{} is locked by {}: waiting {} s for its next heartbeat",
        files.locked(),
        first.map(other -> other.process().toString()).orElse("another driver"),
        patience.toSeconds());
    long end = System.nanoTime() + patience.toNanos();
    while (System.nanoTime() < end) {
      sleep(beat.dividedBy(BEATS_UNTIL_TAKEN), files);
      Map.Entry<Integer, Optional<Holder>> now = files.read().lastEntry();
      if (!id(newest).equals(id(now))) {
        return false;
      }
      if (!now.getValue().equals(first)) {
        throw new HeldException(now.getValue().orElseThrow());
      }
    }
    return true;
  }

  private static void sleep(Duration time, LockFiles files) {
    try {
      TimeUnit.NANOSECONDS.sleep(time.toNanos());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ResourceException("Interrupted while waiting for the lock of " + files.locked(), e);
    }
  }

  /** A failure does not end the job: if the storage fails, its next checkpoint will say so. */
  private synchronized void beat() {
    try {
      if (!closed && isOurs()) {
        holder = holder.next();
        files.write(number, holder);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @GuardedBy("this") private boolean isOurs() throws IOException {
    NavigableMap<Integer, Optional<Holder>> present = files.read();
    // A driver that created a file, but was too late, deletes it at once.
    for (int i = 0; i < PARTS_OF_BEAT && !present.tailMap(number, false).isEmpty(); i++) {
      sleep(beat.dividedBy(PARTS_OF_BEAT).dividedBy(PARTS_OF_BEAT), files);
      present = files.read();
    }
    if (present.containsKey(number) && present.lastKey() == number) {
      Optional<Holder> own = present.get(number);
      if (own.isPresent() && !isOf(own, holder)) {
        newHolder = Optional.of(own.get().process().toString());
      }
    } else if (!present.isEmpty() && present.lastKey() > number) {
      newHolder =
          Optional.of(
              present
                  .lastEntry()
                  .getValue()
                  .map(other -> other.process().toString())
                  .orElse("another driver"));
    } else if (!isConfirmedWithin(beat.multipliedBy(BEATS_CONFIRMED))
        || !files.create(number, holder)) {
      // Somebody deleted the file of a driver that wrote its heartbeats: it has been created again.
      newHolder = Optional.of("another driver, which has released it");
    }
    if (newHolder.isPresent()) {
      return false;
    }
    confirmedNanos = System.nanoTime();
    confirmedMillis = System.currentTimeMillis();
    return true;
  }

  /**
   * Whether this driver has read its lock within a time. The one clock stands still while a machine
   * sleeps, and people set the other one.
   */
  @GuardedBy("this") private boolean isConfirmedWithin(Duration time) {
    long byWall = System.currentTimeMillis() - confirmedMillis;
    return System.nanoTime() - confirmedNanos < time.toNanos()
        && byWall >= 0
        && byWall < time.toMillis();
  }

  /**
   * Makes sure that no other driver has taken the lock.
   *
   * @throws ResourceException if one has
   */
  public void requireOurs() {
    requireOurs(Duration.ZERO);
  }

  /**
   * Makes sure that no other driver can have taken the lock, before something is written. It reads
   * the lock only if the last heartbeat was not on time, so that it can be called often.
   *
   * @throws ResourceException if one has
   */
  public void requireHeld() {
    requireOurs(beat.multipliedBy(BEATS_CONFIRMED));
  }

  /**
   * Makes sure that no other driver has taken the lock.
   *
   * @param known the lock is not read again if it was read within this time
   */
  synchronized void requireOurs(Duration known) {
    try {
      if (newHolder.isPresent() || !(isConfirmedWithin(known) || isOurs())) {
        throw new ResourceException(
            "%s was taken over by %s, because this driver had written no heartbeat; what is complete in it is intact"
                .formatted(files.locked(), newHolder.orElseThrow()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the lock of " + files.locked(), e);
    }
  }

  /** Gives the lock back. A heartbeat that waits meanwhile writes nothing afterwards. */
  @Override
  public synchronized void close() {
    heart.close();
    if (closed) {
      return;
    }
    closed = true;
    try {
      NavigableMap<Integer, Optional<Holder>> present = files.read();
      if (isOf(present.get(number), holder)) {
        for (int older : present.headMap(number, true).keySet()) {
          files.delete(older);
        }
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("Cannot delete {}", files.file(number), e);
    } finally {
      HELD.remove(holder.id());
    }
  }
}
