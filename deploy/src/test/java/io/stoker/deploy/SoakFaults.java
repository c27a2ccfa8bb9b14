// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;

/** What happens to the jobs of a {@link Soak}, on a local cluster of two or three workers. */
final class SoakFaults {
  /** A kind of fault; the number is how many of a hundred are of it. */
  enum Fault {
    EXECUTOR_KILLED(30),
    /** With its executor; another worker takes its place. */
    WORKER_KILLED(10),
    /** The job goes on with {@code --resume}. */
    DRIVER_KILLED(20),
    /** For up to a minute. */
    EXECUTOR_STOPPED(10),
    /** A worker is told to leave, and killed some time later; another one takes its place. */
    NOTICE(10),
    /** A third worker comes, or the third is killed. */
    ARRIVAL(10),
    /** The run's disk; the job ends, and goes on when there is space again. */
    DISK_FULL(5),
    /** For up to half a minute. */
    S3_STOPPED(5);

    private final int percent;

    Fault(int percent) {
      this.percent = percent;
    }
  }

  private static final int WORKERS = 2;
  private static final Duration MOST_STOPPED = Duration.ofMinutes(1);
  private static final Duration MOST_WITHOUT_S3 = Duration.ofSeconds(30);

  /** Between the notice and the end of a worker. */
  private static final Duration NOTICE = Duration.ofSeconds(20);

  private static final int DISK_MEGABYTES = 64;

  private final LocalCluster cluster;
  private final Random random;
  private final Path disk;
  private final boolean hasDisk;
  private final ProcessHandle s3;

  /** Workers that were told to leave. */
  private final Set<Long> leaving = new HashSet<>();

  /**
   * @param disk the folder of the runs; a disk of its own is mounted there, if this user may do so
   * @param s3 the process of the S3 server
   */
  SoakFaults(LocalCluster cluster, Random random, Path disk, ProcessHandle s3) throws IOException {
    this.cluster = cluster;
    this.random = random;
    this.s3 = s3;
    this.disk = Files.createDirectories(disk);
    this.hasDisk =
        Programs.succeeds(
            "mount", "-t", "tmpfs", "-o", "size=" + DISK_MEGABYTES + "m", "tmpfs", disk.toString());
    addMissing();
  }

  /** Unmounts the disk, if there is one. */
  void close() {
    if (hasDisk) {
      Programs.succeeds("umount", "--lazy", disk.toString());
    }
  }

  /**
   * Deletes what the executors of a job that has ended left: each of them has two copies of the
   * jar, and hundreds fill the machine's disk.
   *
   * @param state the cluster's folder
   */
  static void sweep(Path state) {
    Programs.succeeds(
        "sh", "-c", "rm -rf \"$0\"/work/* \"$0\"/scratch/*/executor-*", state.toString());
  }

  /** The kind of the next fault. */
  Fault draw() {
    int left = random.nextInt(100);
    for (Fault fault : Fault.values()) {
      left -= fault.percent;
      if (left < 0) {
        return fault;
      }
    }
    throw new AssertionError("Percents add up to a hundred");
  }

  /**
   * Makes a fault happen.
   *
   * @return whether the job has what it happens to
   */
  boolean happen(Fault fault, SoakJob job, Process driver) throws IOException {
    boolean happened =
        switch (fault) {
          case EXECUTOR_KILLED -> anyExecutor(ProcessHandle::destroyForcibly);
          case WORKER_KILLED -> kill(any(present()));
          case DRIVER_KILLED -> driver.destroyForcibly() != null;
          case EXECUTOR_STOPPED -> anyExecutor(executor -> stop(executor, MOST_STOPPED));
          case NOTICE -> tellToLeave(any(present()));
          case ARRIVAL -> comeOrGo();
          case DISK_FULL -> hasDisk && !job.isOnS3() && fill();
          case S3_STOPPED -> job.isOnS3() && stop(s3, MOST_WITHOUT_S3);
        };
    addMissing();
    return happened;
  }

  /** The executor that was there may have just been killed. */
  private boolean anyExecutor(Predicate<ProcessHandle> action) {
    List<ProcessHandle> executors =
        present().stream().flatMap(ProcessHandle::children).filter(ProcessHandle::isAlive).toList();
    return !executors.isEmpty() && action.test(any(executors));
  }

  private ProcessHandle any(List<ProcessHandle> processes) {
    return processes.get(random.nextInt(processes.size()));
  }

  /** The workers that were not told to leave. */
  private List<ProcessHandle> present() {
    return cluster.workers().stream()
        .filter(worker -> worker.isAlive() && !leaving.contains(worker.pid()))
        .toList();
  }

  /** Kills a worker and waits until it has ended: a dying worker would count as present. */
  private static boolean kill(ProcessHandle worker) {
    boolean killed = worker.destroyForcibly();
    worker.onExit().join();
    return killed;
  }

  private void addMissing() {
    for (int there = present().size(); there < WORKERS; there++) {
      cluster.addWorker();
    }
  }

  private boolean stop(ProcessHandle process, Duration most) {
    boolean stopped = Programs.signal("STOP", process.pid());
    later(
        Duration.ofMillis(1 + random.nextInt((int) most.toMillis())),
        process,
        itself -> Programs.signal("CONT", itself.pid()));
    return stopped;
  }

  private boolean tellToLeave(ProcessHandle worker) {
    leaving.add(worker.pid());
    boolean told = Programs.signal("PWR", worker.pid());
    later(NOTICE, worker, ProcessHandle::destroyForcibly);
    return told;
  }

  private boolean comeOrGo() {
    List<ProcessHandle> workers = present();
    if (workers.size() > WORKERS) {
      return kill(any(workers));
    }
    cluster.addWorker();
    return true;
  }

  private static void later(Duration delay, ProcessHandle process, Consumer<ProcessHandle> action) {
    CompletableFuture.delayedExecutor(delay.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              if (process.isAlive()) {
                action.accept(process);
              }
            });
  }

  private Path filler() {
    return disk.resolve("filler");
  }

  private boolean fill() throws IOException {
    byte[] page = new byte[1 << 12];
    try (OutputStream out = Files.newOutputStream(filler())) {
      for (int written = 0; written < DISK_MEGABYTES << 20; written += page.length) {
        out.write(page);
      }
    } catch (IOException e) {
      return true; // No space is left.
    }
    throw new IllegalStateException(disk + " cannot be filled");
  }

  /**
   * Makes space on the disk.
   *
   * @return whether it was full
   */
  boolean makeSpace() throws IOException {
    return Files.deleteIfExists(filler());
  }
}
