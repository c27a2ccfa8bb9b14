// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.checkpoint.RunLock.Holder;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Timer;
import java.util.TimerTask;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunLockTest {
  private static final Duration BEAT = Duration.ofMillis(100);
  private static final DriverProcess ELSEWHERE = new DriverProcess("elsewhere", "boot 1", 17, 1);

  @TempDir java.nio.file.Path folder;

  private final Configuration hadoop = new Configuration();
  private Path run;
  private Path file;

  @BeforeEach
  void setUp() {
    run = new Path(folder.resolve("run").toUri());
    file = new Path(run, RunLock.FILE);
  }

  @Test
  void isHeldByOneDriverAtATime() {
    try (RunLock first = acquire()) {
      first.requireOurs();
      assertThatThrownBy(this::acquire)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("is in use by process " + ProcessHandle.current().pid())
          .hasMessageContaining("another --run");
      first.requireOurs();
    }
    assertThat(folder.resolve("run/lock.json")).doesNotExist();
    acquire().close();
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

  /** A wait would take four days. */
  private void assertTakenWithoutWaiting() throws IOException {
    try (RunLock lock = RunLock.acquire(run, hadoop, Duration.ofDays(1))) {
      assertIsOurs(lock);
    }
    assertThat(folder.resolve("run/lock.json")).doesNotExist();
  }

  private void assertIsOurs(RunLock lock) throws IOException {
    Holder holder = ManifestFormat.read(file, Holder.class, hadoop);
    assertThat(holder.process()).isEqualTo(DriverProcess.current());
    assertThat(holder.id()).isNotEqualTo("another");
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
      Files.createDirectories(folder.resolve("run"));
      ManifestFormat.write(file, new Holder("another", process, beat), hadoop);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
