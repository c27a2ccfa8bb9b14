// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.Timer;
import java.util.TimerTask;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two drivers from training in one run folder. {@code RUN/lock.json} names the driver that
 * holds the lock, and that driver rewrites it every few seconds with a higher number, its
 * heartbeat. A driver takes over a lock whose holder is known to be dead, or whose number has not
 * changed for several heartbeats. The clocks of machines are not compared.
 *
 * <p>If two drivers begin at the same moment, one of them gets the lock on a local disk and on
 * HDFS. S3 cannot tell which was first: the driver that wrote last has the lock, and the other one
 * notices at its next heartbeat and before its next checkpoint.
 */
public final class RunLock implements AutoCloseable {
  /** The lock's file name. */
  static final String FILE = "lock.json";

  private static final Logger LOG = LoggerFactory.getLogger(RunLock.class);
  private static final Duration BEAT = Duration.ofSeconds(5);
  private static final int BEATS_UNTIL_TAKEN = 4;

  /**
   * The ids of the locks that this process holds. A lock of this process with another id is stale.
   */
  private static final Set<String> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final Configuration hadoop;
  private final Timer heart = new Timer("run-lock", true);
  private Holder holder;
  private volatile Optional<String> newHolder = Optional.empty();

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

  private RunLock(Path file, Configuration hadoop, Holder holder, Duration beat) {
    this.file = file;
    this.hadoop = hadoop;
    this.holder = holder;
    HELD.add(holder.id());
    heart.schedule(
        new TimerTask() {
          @Override
          public void run() {
            beat();
          }
        },
        beat.toMillis(),
        beat.toMillis());
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
    Path file = new Path(run, FILE);
    Holder holder = new Holder(UUID.randomUUID().toString(), DriverProcess.current(), 0);
    try {
      Storage.of(run, hadoop).mkdirs(run);
      byte[] content = ManifestFormat.bytes(holder);
      if (!Storage.createNew(file, content, hadoop)) {
        awaitAbandoned(file, hadoop, beat);
        Storage.replace(file, content, hadoop);
      }
      return new RunLock(file, hadoop, holder, beat);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot write run folder %s: %s".formatted(run, e.getMessage()), e);
    }
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
    try {
      Holder holder = ManifestFormat.read(new Path(run, FILE), Holder.class, hadoop);
      if (holder.isKnownToBeDead()) {
        return State.DEAD;
      }
      return holder.process().isKnownToLive() ? State.ALIVE : State.UNKNOWN;
    } catch (FileNotFoundException e) {
      return State.FREE;
    } catch (DamagedException e) {
      return State.UNKNOWN;
    }
  }

  /** Returns when the lock's holder is dead, or has not written the lock for several heartbeats. */
  private static void awaitAbandoned(Path file, Configuration hadoop, Duration beat)
      throws IOException {
    Optional<Holder> first = read(file, hadoop);
    if (first.isPresent() && first.get().isKnownToBeDead()) {
      return;
    }
    if (first.isPresent() && first.get().process().isKnownToLive()) {
      throw inUse(file, first.get());
    }
    Duration patience = beat.multipliedBy(BEATS_UNTIL_TAKEN);
    LOG.warn(
        "{} is locked by {}: waiting {} s for its next heartbeat",
        file.getParent(),
        first.map(other -> other.process().toString()).orElse("another driver"),
        patience.toSeconds());
    long end = System.nanoTime() + patience.toNanos();
    try {
      while (System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(beat.toMillis() / BEATS_UNTIL_TAKEN);
        Optional<Holder> now = read(file, hadoop);
        if (now.isPresent() && !now.equals(first)) {
          throw inUse(file, now.get());
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ResourceException("Interrupted while waiting for " + file, e);
    }
  }

  private static InputException inUse(Path file, Holder holder) {
    return new InputException(
        "Run folder %s is in use by %s: end that job first, or say another --run"
            .formatted(file.getParent(), holder.process()));
  }

  /** Empty if there is no lock, or one that was cut off when its writer was killed. */
  private static Optional<Holder> read(Path file, Configuration hadoop) throws IOException {
    try {
      return Optional.of(ManifestFormat.read(file, Holder.class, hadoop));
    } catch (FileNotFoundException | DamagedException e) {
      return Optional.empty();
    }
  }

  /** A failure does not end the job: if the storage fails, its next checkpoint will say so. */
  private synchronized void beat() {
    try {
      if (isOurs()) {
        holder = holder.next();
        ManifestFormat.write(file, holder, hadoop);
      }
    } catch (IOException | RuntimeException e) {
      LOG.debug("Cannot write {}", file, e);
    }
  }

  private boolean isOurs() throws IOException {
    Optional<Holder> present = read(file, hadoop);
    if (present.isPresent() && !present.get().id().equals(holder.id())) {
      newHolder = Optional.of(present.get().process().toString());
    }
    return newHolder.isEmpty();
  }

  /**
   * Makes sure that no other driver has taken the lock.
   *
   * @throws ResourceException if one has
   */
  public synchronized void requireOurs() {
    try {
      if (!isOurs()) {
        throw new ResourceException(
            "Run folder %s was taken over by %s, since this driver had written no heartbeat; its complete checkpoints are intact"
                .formatted(file.getParent(), newHolder.orElseThrow()));
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + file, e);
    }
  }

  /** Gives the lock back. */
  @Override
  public void close() {
    heart.cancel();
    HELD.remove(holder.id());
    synchronized (this) {
      try {
        if (isOurs()) {
          OwnFolder.at(file.getParent(), hadoop).delete(file);
        }
      } catch (IOException | RuntimeException e) {
        LOG.debug("Cannot delete {}", file, e);
      }
    }
  }
}
