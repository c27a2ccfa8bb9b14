// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.FormatMethod;
import io.stoker.deploy.SoakFaults.Fault;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Disturbs training jobs on a local cluster at random moments, until so many faults have happened,
 * and compares their parameters with those of jobs that were not disturbed. {@link
 * FaultToleranceIT} hits moments that someone has thought of, this program all others.
 *
 * <p>The choice of faults and moments follows a seed, and moments are counted in rounds; which
 * instruction a process dies at is up to the machine. The cluster, the data and the last run folder
 * are in {@code target/soak}.
 */
public final class Soak {
  /** A job that nothing disturbs. */
  private record Undisturbed(String parametersSha256, int rounds) {}

  /** The last fault, before the round that comes after it. */
  private record Pending(Fault fault, long since) {}

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int KILLED = 128 + 9;
  private static final int RESOURCES = 4;
  private static final String RUN = "disk/run";
  private static final String RESUME = "train --run " + RUN + " --resume --json";

  private final Stoker stoker;
  private final String master;
  private final Path folder;
  private final Random random;
  private final SoakFaults faults;
  private final int wanted;
  private final Map<SoakJob, Undisturbed> undisturbed = new EnumMap<>(SoakJob.class);

  private final Map<Fault, Integer> happened = new EnumMap<>(Fault.class);

  /** The seconds to the next round of the same job. */
  private final Map<Fault, List<Double>> seconds = new EnumMap<>(Fault.class);

  private Optional<Pending> pending = Optional.empty();
  private int jobs;
  private int resumed;
  private int failedJobs;
  private int differingJobs;
  private int verified;
  private int invalid;

  private Soak(Path folder, LocalCluster cluster, int wanted, long seed)
      throws IOException, InterruptedException {
    this.folder = folder;
    this.wanted = wanted;
    this.random = new Random(seed);
    this.stoker = Stoker.in(folder);
    this.master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
    this.faults = new SoakFaults(cluster, random, folder.resolve("disk"));
    succeed("--master local[2] synth --output data --count 3000 --size 28 --overwrite --json");
    for (SoakJob job : SoakJob.values()) {
      Files.writeString(folder.resolve(job + ".yaml"), job.recipe());
      delete(folder.resolve("undisturbed"));
      JsonNode result =
          succeed("--master %s %s".formatted(job.quietMaster(), job.training("undisturbed")));
      undisturbed.put(job, new Undisturbed(hash(result), result.get("rounds").asInt()));
    }
  }

  /**
   * Disturbs, and prints what came of it; the exit code is 1 if a job or a checkpoint was lost.
   *
   * @param arguments the number of faults and the seed
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder =
        Files.createDirectories(
            Path.of(System.getProperty("stoker.build", "target"), "soak").toAbsolutePath());
    LocalCluster cluster =
        LocalCluster.in(folder.resolve("cluster"))
            .with("SPARK_DAEMON_JAVA_OPTS", "-Dspark.decommission.enabled=true");
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::stop, "soak's end"));
    long start = System.nanoTime();
    Soak soak =
        new Soak(folder, cluster, Integer.parseInt(arguments[0]), Long.parseLong(arguments[1]));
    boolean clean;
    try {
      while (soak.count() < soak.wanted) {
        soak.train(SoakJob.values()[soak.jobs % SoakJob.values().length]);
      }
      clean = soak.report(Duration.ofNanos(System.nanoTime() - start));
    } finally {
      soak.faults.close();
    }
    System.exit(clean ? 0 : 1);
  }

  private JsonNode succeed(String command) {
    Outcome outcome = stoker.run(command.split(" "));
    if (outcome.exitCode() != 0) {
      throw new IllegalStateException(command + ": " + outcome.err());
    }
    return outcome.json();
  }

  private static String hash(JsonNode result) {
    return result.get("parameters_sha256").asText();
  }

  private int count() {
    return happened.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** One job, from its first round to its end, however many drivers it takes. */
  private void train(SoakJob job) throws IOException {
    jobs++;
    pending = Optional.empty();
    Path run = folder.resolve(RUN);
    delete(run);
    Outcome outcome = untilDriverEnds(start(job.training(RUN)), run, job.mostRounds);
    while (goesOn(outcome)) {
      resumed++;
      verify();
      outcome = untilDriverEnds(start(RESUME), run, job.mostRounds);
    }
    if (outcome.exitCode() != 0) {
      failedJobs++;
      say("job %d failed with exit code %d: %s", jobs, outcome.exitCode(), outcome.err());
    } else if (!hash(outcome.json()).equals(expected(job))
        || lines(run) != undisturbed.get(job).rounds()) {
      differingJobs++;
      say("job %d is not the undisturbed one: %s", jobs, outcome.out());
    }
    verify();
    say(
        "job %d (%s): %d of %d faults; %d jobs failed, %d differ; of checkpoints %d valid, %d not",
        jobs, job, count(), wanted, failedJobs, differingJobs, verified, invalid);
  }

  /** Whether a driver was killed, or found no space on the disk, where there is some again. */
  private boolean goesOn(Outcome outcome) throws IOException {
    if (faults.makeSpace() && outcome.exitCode() == RESOURCES) {
      return true;
    }
    return outcome.exitCode() == KILLED;
  }

  private String expected(SoakJob job) throws IOException {
    if (!job.hasRecord()) {
      return undisturbed.get(job).parametersSha256();
    }
    delete(folder.resolve("replayed"));
    return hash(
        succeed(
            "--master %s train --replay %s --run replayed --json"
                .formatted(job.quietMaster(), RUN)));
  }

  private Started start(String command) {
    String options = "--master %s --executor-memory 1g --conf spark.decommission.enabled=true %s";
    return stoker.start(options.formatted(master, command).split(" "));
  }

  /** Does this and that as rounds go on, and lets the driver come to its end. */
  private Outcome untilDriverEnds(Started driver, Path run, int mostRounds) throws IOException {
    long begun = lines(run);
    int wait = 1 + random.nextInt(mostRounds);
    while (count() < wanted && awaitRounds(driver, run, begun + wait)) {
      Fault fault = faults.draw();
      if (faults.happen(fault, driver.process())) {
        happened.merge(fault, 1, Integer::sum);
        pending = Optional.of(new Pending(fault, System.nanoTime()));
      }
      begun = lines(run);
      wait = 1 + random.nextInt(mostRounds);
    }
    return Stoker.finish(driver);
  }

  /**
   * Waits for a round's line, then for a random part of the time that it took since the one before.
   *
   * @return whether there is still a driver
   */
  private boolean awaitRounds(Started driver, Path run, long target) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    long seen = lines(run);
    long since = System.nanoTime();
    long took = 0;
    while (seen < target) {
      if (!driver.process().isAlive()) {
        return false;
      }
      if (System.nanoTime() > end) {
        throw new IllegalStateException("No round for " + PATIENCE + " in " + run);
      }
      LockSupport.parkNanos(POLL_NANOSECONDS);
      long now = lines(run);
      if (now > seen) {
        took = System.nanoTime() - since;
        since = System.nanoTime();
        measure(since);
      }
      seen = now;
    }
    LockSupport.parkNanos((long) (random.nextDouble() * took));
    return driver.process().isAlive();
  }

  /** A round has come after the last fault. */
  private void measure(long now) {
    pending.ifPresent(
        last ->
            seconds
                .computeIfAbsent(last.fault(), any -> new ArrayList<>())
                .add((now - last.since()) / 1e9));
    pending = Optional.empty();
  }

  /** Reads all checkpoints that are to be seen. */
  private void verify() {
    Outcome outcome = stoker.run("checkpoints", RUN, "--json");
    if (outcome.exitCode() != 0) {
      invalid++;
      say("%s", outcome.err());
      return;
    }
    for (JsonNode checkpoint : outcome.json().get("checkpoints")) {
      verified += checkpoint.get("state").asText().equals("valid") ? 1 : 0;
    }
  }

  private static void delete(Path run) throws IOException {
    if (Files.exists(run)) {
      try (Stream<Path> files = Files.walk(run)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private static long lines(Path run) throws IOException {
    Path metrics = run.resolve("metrics.jsonl");
    if (!Files.exists(metrics)) {
      return 0;
    }
    try (var lines = Files.lines(metrics)) {
      return lines.count();
    }
  }

  private boolean report(Duration duration) {
    say("%-22s %5s  %s", "", "", "seconds to the next round: median, most");
    happened.forEach(
        (fault, count) -> {
          List<Double> sorted =
              seconds.getOrDefault(fault, List.of(0.0)).stream().sorted().toList();
          say(
              "%-22s %5d  %.2f %.2f",
              fault.name().toLowerCase(Locale.ROOT).replace('_', ' '),
              count,
              sorted.get(sorted.size() / 2),
              sorted.get(sorted.size() - 1));
        });
    say("%-22s %5d", "faults", count());
    say("%-22s %5d", "jobs", jobs);
    say("%-22s %5d", "resumed", resumed);
    say("%-22s %5d", "failed jobs", failedJobs);
    say("%-22s %5d", "differing jobs", differingJobs);
    say("%-22s %5d", "checkpoints verified", verified);
    say("%-22s %5d", "invalid checkpoints", invalid);
    say("%-22s %5d", "seconds", duration.toSeconds());
    return failedJobs + differingJobs + invalid == 0;
  }

  @FormatMethod
  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
