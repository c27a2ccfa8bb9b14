// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.run.RunLock.Holder;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.lang.Thread.State;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.Timer;
import java.util.TimerTask;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  private static final Duration BEAT = Duration.ofMillis(100);
  private static final DriverProcess ELSEWHERE = new DriverProcess("elsewhere", "boot 1", 17, 1);

  @TempDir java.nio.file.Path folder;

  private final Configuration hadoop = new Configuration();
  private volatile Path run;
  private volatile Path file;

  @BeforeEach
  void setUp() {
    run = new Path(folder.resolve("run").toUri());
    file = new Path(run, "lock.json");
  }

  @Test
  void isHeldByOneDriverAtATime() {
    try (RunLock first = acquire()) {
      first.requireOurs();
      assertThatThrownBy(this::acquire)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("is in use by process " + ProcessHandle.current().pid())
          .hasMessageContaining("another --run");
      RunFolder other = RunFolder.at(run, hadoop);
      for (ThrowingCallable look :
          List.<ThrowingCallable>of(other::refuseInUseHere, other::refuseExisting)) {
        assertThatThrownBy(look)
            .isInstanceOf(InputException.class)
            .hasMessageContaining("is in use by process " + ProcessHandle.current().pid());
      }
      first.requireOurs();
    }
    RunFolder.at(run, hadoop).refuseInUseHere();
    assertThat(folder.resolve("run/lock.json")).doesNotExist();
    acquire().close();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void saysWhyTheFolderCannotBeWritten() {
    run = new Path("file:/proc/none/run");

    assertThatThrownBy(this::acquire)
        .isInstanceOf(ResourceException.class)
        .hasMessage("Cannot write run folder file:/proc/none/run: no file can be made there");
  }

  @Test
  void isTakenFromADeadProcessAtOnce() throws Exception {
    DriverProcess here = DriverProcess.current();
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    write(new DriverProcess(here.host(), here.machine(), dead.pid(), here.started()), 3);

    assertTakenWithoutWaiting();
  }

  @Test
  void isTakenFromAProcessWhoseNumberIsUsedAgain() throws IOException {
    DriverProcess here = DriverProcess.current();
    write(new DriverProcess(here.host(), here.machine(), here.pid(), here.started() - 1), 3);

    assertTakenWithoutWaiting();
  }

  /** A storage that could not be reached when the lock was given back. */
  @Test
  void isTakenFromThisProcessWhereItIsHeldNoMore() throws IOException {
    byte[] held;
    try (RunLock lock = acquire()) {
      held = Files.readAllBytes(folder.resolve("run/lock.json"));
      lock.requireOurs();
    }
    Files.write(folder.resolve("run/lock.json"), held);

    assertTakenWithoutWaiting();
  }

  @Test
  void isTakenWhenItsHolderElsewhereGivesNoSignOfLife() throws IOException {
    write(ELSEWHERE, 3);

    try (RunLock lock = acquire()) {
      assertIsOurs(lock);
    }
  }

  @Test
  void isTakenWhenItsWriterWasKilledInTheMiddle() throws IOException {
    Files.createDirectories(folder.resolve("run"));
    Files.writeString(folder.resolve("run/lock.json"), "{\"id\" :");

    try (RunLock lock = acquire()) {
      assertIsOurs(lock);
    }
  }

  /** The holder may be late by many heartbeats. */
  @Test
  void staysWithAHolderElsewhereThatLives() throws InterruptedException {
    write(ELSEWHERE, 0);
    AtomicLong beat = new AtomicLong();
    Timer heart = new Timer(true);
    try {
      heart.schedule(
          new TimerTask() {
            @Override
            public void run() {
              write(ELSEWHERE, beat.incrementAndGet());
            }
          },
          0,
          10);

      assertThatThrownBy(() -> RunLock.acquire(run, hadoop, Duration.ofSeconds(4)))
          .isInstanceOf(InputException.class)
          .hasMessageContaining("is in use by process 17 on elsewhere");
    } finally {
      stop(heart);
    }
  }

  /** Returns when no more is written: the folder of the test is deleted next. */
  private static void stop(Timer heart) throws InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    heart.schedule(
        new TimerTask() {
          @Override
          public void run() {
            heart.cancel();
            stopped.countDown();
          }
        },
        0);
    assertThat(stopped.await(1, TimeUnit.MINUTES)).isTrue();
  }

  @Test
  void tellsItsHolderThatItWasTaken() throws IOException {
    try (RunLock lock = acquire()) {
      write(ELSEWHERE, 0);

      assertThatThrownBy(lock::requireOurs)
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("was taken over by process 17 on elsewhere");
    }
    assertThat(folder.resolve("run/lock.json")).content().contains("elsewhere");
  }

  @Test
  void beatsWhileItIsHeld() throws IOException {
    try (RunLock lock = acquire()) {
      lock.requireOurs();
      long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (beat() == 0 && System.nanoTime() < end) {
        Thread.onSpinWait();
      }
      assertThat(beat()).isPositive();
    }
  }

  /** Of those that all see the same dead lock; {@code StorageTest} asks other filesystems. */
  @Test
  void isTakenOverByOneOfManyThreads() throws Exception {
    int threads = 8;
    int runs = 25;
    DriverProcess here = DriverProcess.current();
    CyclicBarrier together = new CyclicBarrier(threads);
    List<Callable<List<RunLock>>> takers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      takers.add(
          () -> {
            List<RunLock> taken = new ArrayList<>();
            for (int round = 0; round < runs; round++) {
              if (together.await() == 0) {
                run = new Path(folder.resolve("run-" + round).toUri());
                file = new Path(run, "lock.json");
                write(new DriverProcess(here.host(), here.machine(), here.pid(), 1), 3);
              }
              together.await();
              RunLock.tryAcquire(run, "lock", hadoop).ifPresent(taken::add);
            }
            return taken;
          });
    }
    List<RunLock> taken = new ArrayList<>();
    for (Future<List<RunLock>> each : inThreads(takers)) {
      taken.addAll(each.get());
    }
    taken.forEach(RunLock::requireOurs);
    assertThat(taken).hasSize(runs);
    taken.forEach(RunLock::close);
    assertThat(folder).isDirectoryNotContaining("regex:.*/lock.*");
  }

  @Test
  void isHeldByOneOfManyThreadsThatTakeAndReleaseIt() throws Exception {
    int threads = 6;
    AtomicInteger holders = new AtomicInteger();
    AtomicInteger held = new AtomicInteger();
    List<Callable<Integer>> takers =
        Collections.nCopies(
            threads,
            () -> {
              int most = 0;
              for (int i = 0; i < 200; i++) {
                Optional<RunLock> lock = RunLock.tryAcquire(run, "lock", hadoop);
                if (lock.isPresent()) {
                  most = Math.max(most, holders.incrementAndGet());
                  held.incrementAndGet();
                  lock.get().requireOurs();
                  holders.decrementAndGet();
                  lock.get().close();
                }
              }
              return most;
            });
    for (Future<Integer> most : inThreads(takers)) {
      assertThat(most.get()).isLessThanOrEqualTo(1);
    }
    assertThat(held.get()).isPositive();
  }

  private static <T> List<Future<T>> inThreads(List<Callable<T>> work) throws InterruptedException {
    ExecutorService threads = Executors.newFixedThreadPool(work.size());
    try {
      return threads.invokeAll(work);
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  @Tag("slow")
  void isTakenOverByOneOfManyProcesses() throws Exception {
    int runs = 40;
    Process dead = new ProcessBuilder("true").start();
    dead.waitFor();
    DriverProcess here = DriverProcess.current();
    for (int round = 0; round < runs; round++) {
      file = new Path(new Path(folder.resolve("run-" + round).toUri()), "lock.json");
      write(new DriverProcess(here.host(), here.machine(), dead.pid(), here.started()), 3);
    }
    List<Process> takers = new ArrayList<>();
    try {
      for (int i = 0; i < 4; i++) {
        takers.add(
            new ProcessBuilder(
                    java.nio.file.Path.of(System.getProperty("java.home"), "bin", "java")
                        .toString(),
                    "-Xmx128m",
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Taker.class.getName(),
                    folder.toString(),
                    String.valueOf(runs))
                .redirectError(folder.resolve("errors-" + i).toFile())
                .start());
      }
      Set<Integer> taken = new TreeSet<>();
      for (Process taker : takers) { // Each is ready, and waits for a line.
        assertThat(taker.inputReader().readLine()).isEqualTo("ready");
      }
      for (Process taker : takers) {
        taker.getOutputStream().write('\n');
        taker.getOutputStream().flush();
      }
      for (Process taker : takers) { // Each holds what it has taken until all are done.
        for (String run : taker.inputReader().readLine().split(" ", -1)) {
          assertThat(run.isEmpty() || taken.add(Integer.valueOf(run))).as("run " + run).isTrue();
        }
      }
      assertThat(taken).hasSize(runs);
    } finally {
      takers.forEach(Process::destroyForcibly);
    }
  }

  /** Takes the locks of runs, and prints which it has got. */
  static final class Taker {
    private Taker() {}

    /** Takes the folder of the runs, and how many there are. */
    public static void main(String[] arguments) throws IOException {
      Configuration hadoop = new Configuration();
      RunLock.look(new Path(arguments[0]), hadoop); // Loads classes.
      System.out.println("ready");
      System.in.read();
      StringJoiner taken = new StringJoiner(" ");
      for (int i = 0; i < Integer.parseInt(arguments[1]); i++) {
        if (RunLock.tryAcquire(new Path(arguments[0], "run-" + i), "lock", hadoop).isPresent()) {
          taken.add(String.valueOf(i));
        }
      }
      System.out.println(taken);
      System.in.read();
    }
  }

  @Test
  void writesNothingAfterItIsReleased() throws Exception {
    RunLock lock = acquire();
    Thread heart;
    synchronized (lock) {
      heart = await(() -> heartbeats().filter(t -> t.getState() == State.BLOCKED).findFirst());
      lock.close();
    }
    heart.join();

    assertThat(folder.resolve("run")).isEmptyDirectory();
  }

  private static Stream<Thread> heartbeats() {
    return Thread.getAllStackTraces().keySet().stream().filter(t -> t.getName().equals("run-lock"));
  }

  private static <T> T await(Supplier<Optional<T>> found) {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    Optional<T> result = found.get();
    while (result.isEmpty() && System.nanoTime() < end) {
      Thread.onSpinWait();
      result = found.get();
    }
    return result.orElseThrow();
  }

  /** Such as one on a machine that slept, and that was about to write its heartbeat. */
  @Test
  void aHolderThatWakesUpDoesNotGetALockBackThatWasTakenOver() throws IOException {
    write(ELSEWHERE, 3);
    try (RunLock lock = acquire()) {
      write(ELSEWHERE, 4);

      lock.requireOurs();
      assertThatThrownBy(this::acquire)
          .hasMessageContaining("is in use by process " + ProcessHandle.current().pid());
    }
    assertThat(folder.resolve("run")).isEmptyDirectory();
  }

  @Test
  void isReadBeforeAWriteOnlyIfTheLastHeartbeatIsNotKnown() throws IOException {
    try (RunLock lock = RunLock.acquire(run, hadoop, Duration.ofDays(1))) {
      write(ELSEWHERE, 0);

      assertThatCode(lock::requireHeld).doesNotThrowAnyException();
      assertThatThrownBy(() -> lock.requireOurs(Duration.ZERO))
          .hasMessageContaining("was taken over by process 17 on elsewhere");
      assertThatThrownBy(lock::requireHeld).isInstanceOf(ResourceException.class);
    }
  }

  /** Another driver may have trained and ended while this one was stopped. */
  @Test
  void isLostIfItsFileIsGoneAfterHeartbeatsWereLate() throws IOException {
    try (RunLock lock = RunLock.acquire(run, hadoop, Duration.ZERO.plusMillis(1))) {
      synchronized (lock) { // No heartbeat meanwhile.
        Files.delete(folder.resolve("run/lock.json"));
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(5);
        while (System.nanoTime() < end) {
          Thread.onSpinWait();
        }
        assertThatThrownBy(lock::requireOurs).hasMessageContaining("which has released it");
      }
    }
  }

  @Test
  void isWrittenAgainIfSomebodyDeletesItsFile() throws IOException {
    try (RunLock lock = RunLock.acquire(run, hadoop, Duration.ofDays(1))) {
      Files.delete(folder.resolve("run/lock.json"));

      lock.requireOurs();

      assertThat(folder.resolve("run/lock.json")).exists();
    }
  }

  /** A wait would take four days. */
  private void assertTakenWithoutWaiting() throws IOException {
    try (RunLock lock = RunLock.acquire(run, hadoop, Duration.ofDays(1))) {
      assertIsOurs(lock);
    }
    assertThat(folder.resolve("run/lock.json")).doesNotExist();
  }

  private void assertIsOurs(RunLock lock) throws IOException {
    Optional<Holder> holder = new LockFiles(run, "lock", hadoop).read().lastEntry().getValue();
    assertThat(holder.orElseThrow().process()).isEqualTo(DriverProcess.current());
    assertThat(holder.orElseThrow().id()).isNotEqualTo("another");
    assertThatCode(lock::requireOurs).doesNotThrowAnyException();
  }

  private long beat() throws IOException {
    return ManifestFormat.read(file, Holder.class, hadoop).beat();
  }

  private RunLock acquire() {
    return RunLock.acquire(run, hadoop, BEAT);
  }

  private void write(DriverProcess process, long beat) {
    try {
      Files.createDirectories(java.nio.file.Path.of(file.getParent().toUri()));
      ManifestFormat.write(file, new Holder("another", process, beat), hadoop);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
