// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.FormatMethod;
import io.stoker.deploy.SoakFaults.Fault;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import io.stoker.driver.S3Server;
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

  /** A part of the faults comes while the job goes on after the one before. */
  private static final double AT_ONCE = 0.5;

  /** How long such a fault comes after the one before, at most. */
  private static final long SOON_NANOSECONDS = TimeUnit.SECONDS.toNanos(6);

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(5);
  private static final int KILLED = 128 + 9;
  private static final int RESOURCES = 4;
  private static final String RUN = "run";

  private final Stoker stoker;
  private final String master;
  private final Path folder;
  private final S3Server s3;
  private final Random random;
  private final SoakFaults faults;
  private final int wanted;
  private final long start = System.nanoTime();
  private final Map<SoakJob, Undisturbed> undisturbed = new EnumMap<>(SoakJob.class);

  /** The checksum of the manifest of shards that were prepared while nothing happened. */
  private final String prepared;

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

  private Soak(Path folder, LocalCluster cluster, S3Server s3, int wanted, long seed)
      throws IOException {
    this.folder = folder;
    this.s3 = s3;
    this.wanted = wanted;
    this.random = new Random(seed);
    this.stoker = Stoker.in(folder);
    this.master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
    this.faults = new SoakFaults(cluster, random, folder.resolve("disk"), s3.process());
    // Also where someone ends it early.
    Runtime.getRuntime().addShutdownHook(new Thread(faults::close, "soak's disk"));
    Runtime.getRuntime().addShutdownHook(new Thread(this::report, "soak's report"));
    succeed("--master local[2] synth --output data --count 3000 --size 28 --overwrite --json");
    delete(folder.resolve("table"));
    succeed(
        "--master local[2] synth --output table --count 3000 --size 40 --encoding png --shard-mb 1"
            + " --split train=1 --json");
    Files.delete(folder.resolve("table/manifest.json"));
    Files.delete(folder.resolve("table/manifest.sha256"));
    succeed("--master local[2] " + SoakJob.FROM_A_TABLE_ON_S3.preparing());
    this.prepared = checksum();
    for (SoakJob job : SoakJob.values()) {
      Files.writeString(folder.resolve(job + ".yaml"), job.recipe());
      delete(folder(job).resolve("undisturbed"));
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
  public static void main(String[] arguments) throws IOException {
    Path folder =
        Files.createDirectories(
            Path.of(System.getProperty("stoker.build", "target"), "soak").toAbsolutePath());
    LocalCluster cluster =
        LocalCluster.in(folder.resolve("cluster"))
            .with("SPARK_DAEMON_JAVA_OPTS", "-Dspark.decommission.enabled=true");
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::stop, "soak's end"));
    S3Server s3 = S3Server.start(folder.resolve("s3"));
    Runtime.getRuntime().addShutdownHook(new Thread(s3::close, "S3's end"));
    Soak soak =
        new Soak(folder, cluster, s3, Integer.parseInt(arguments[0]), Long.parseLong(arguments[1]));
    while (soak.count() < soak.wanted) {
      soak.train(SoakJob.values()[soak.jobs % SoakJob.values().length]);
    }
    System.exit(soak.failedJobs + soak.differingJobs + soak.invalid == 0 ? 0 : 1);
  }

  private JsonNode succeed(String command) {
    Outcome outcome = stoker.run(withS3(command));
    if (outcome.exitCode() != 0) {
      throw new IllegalStateException(command + ": " + outcome.err());
    }
    return outcome.json();
  }

  private String[] withS3(String command) {
    return ("--conf spark.hadoop.fs.s3a.endpoint="
            + s3.endpoint()
            + " --conf spark.hadoop.fs.s3a.path.style.access=true"
            + " --conf spark.hadoop.fs.s3a.access.key=any --conf spark.hadoop.fs.s3a.secret.key=any "
            + command)
        .split(" ");
  }

  private Path objects() {
    return folder.resolve("s3/objects").resolve(S3Server.BUCKET);
  }

  /** Where the runs of a job are. */
  private Path folder(SoakJob job) {
    return job.isOnS3() ? objects() : folder.resolve("disk");
  }

  private String checksum() throws IOException {
    return Files.readString(objects().resolve("data/manifest.sha256"));
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
    Path run = folder(job).resolve(RUN);
    delete(run);
    if (job.isOnS3()) {
      prepare(job);
    }
    pending = Optional.empty();
    Outcome outcome = untilDriverEnds(start(job.training(RUN)), job, run);
    while (goesOn(outcome)) {
      resumed++;
      verify(job);
      outcome =
          untilDriverEnds(
              start("train --run %s --resume --json".formatted(job.run(RUN))), job, run);
    }
    if (outcome.exitCode() != 0) {
      failedJobs++;
      say("job %d failed with exit code %d: %s", jobs, outcome.exitCode(), outcome.err());
    } else if (!hash(outcome.json()).equals(expected(job))
        || lines(run) != undisturbed.get(job).rounds()) {
      differingJobs++;
      say("job %d is not the undisturbed one: %s", jobs, outcome.out());
    }
    verify(job);
    SoakFaults.sweep(folder.resolve("cluster"));
    say(
        "job %d (%s): %d of %d faults; %d jobs failed, %d differ; of checkpoints %d valid, %d not",
        jobs, job, count(), wanted, failedJobs, differingJobs, verified, invalid);
  }

  /** Makes a job's shards, however many drivers it takes. */
  private void prepare(SoakJob job) throws IOException {
    delete(objects().resolve("data"));
    Outcome outcome = untilPrepared(start(job.preparing()), job);
    while (outcome.exitCode() == KILLED) {
      resumed++;
      outcome = untilPrepared(start(job.preparing()), job);
    }
    if (outcome.exitCode() != 0) {
      throw new IllegalStateException("Shards were not prepared: " + outcome.err());
    }
    if (!checksum().equals(prepared)) {
      differingJobs++;
      say("job %d has other shards: %s", jobs, outcome.out());
    }
  }

  private Outcome untilPrepared(Started driver, SoakJob job) throws IOException {
    while (count() < wanted && soon(driver)) {
      happen(faults.draw(), job, driver);
    }
    return Stoker.finish(driver);
  }

  /** Whether there is still a driver a short time later. */
  private boolean soon(Started driver) {
    long end = System.nanoTime() + (long) (random.nextDouble() * SOON_NANOSECONDS);
    while (driver.process().isAlive() && System.nanoTime() < end) {
      LockSupport.parkNanos(POLL_NANOSECONDS);
    }
    return driver.process().isAlive();
  }

  private boolean happen(Fault fault, SoakJob job, Started driver) throws IOException {
    boolean happens = faults.happen(fault, job, driver.process());
    if (happens) {
      happened.merge(fault, 1, Integer::sum);
    }
    return happens;
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
                .formatted(job.quietMaster(), job.run(RUN))));
  }

  private Started start(String command) {
    String options = "--master %s --executor-memory 1g --conf spark.decommission.enabled=true %s";
    return stoker.start(withS3(options.formatted(master, command)));
  }

  /** Does this and that as rounds go on, and lets the driver come to its end. */
  private Outcome untilDriverEnds(Started driver, SoakJob job, Path run) throws IOException {
    boolean goesOn = awaitRounds(driver, run, job.mostRounds);
    while (goesOn && count() < wanted) {
      Fault fault = faults.draw();
      boolean alone = random.nextDouble() >= AT_ONCE;
      if (happen(fault, job, driver)) {
        pending = alone ? Optional.of(new Pending(fault, System.nanoTime())) : Optional.empty();
      }
      goesOn = alone ? awaitRounds(driver, run, job.mostRounds) : soon(driver);
    }
    return Stoker.finish(driver);
  }

  /**
   * Waits for the line of one of the next rounds, then for a random part of the time that it took
   * since the one before.
   *
   * @return whether there is still a driver
   */
  private boolean awaitRounds(Started driver, Path run, int mostRounds) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    long seen = lines(run);
    long target = seen + 1 + random.nextInt(mostRounds);
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
  private void verify(SoakJob job) {
    Outcome outcome = stoker.run(withS3("checkpoints %s --json".formatted(job.run(RUN))));
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

  private void report() {
    say("%-22s %5s  %s", "", "times", "seconds to the next round: times, median, most");
    happened.forEach(
        (fault, count) -> {
          List<Double> sorted = seconds.getOrDefault(fault, List.of()).stream().sorted().toList();
          say(
              "%-22s %5d  %s",
              fault.name().toLowerCase(Locale.ROOT).replace('_', ' '),
              count,
              sorted.isEmpty()
                  ? ""
                  : String.format(
                      Locale.ROOT,
                      "%d, %.2f, %.2f",
                      sorted.size(),
                      sorted.get(sorted.size() / 2),
                      sorted.get(sorted.size() - 1)));
        });
    say("%-22s %5d", "faults", count());
    say("%-22s %5d", "jobs", jobs);
    say("%-22s %5d", "resumed", resumed);
    say("%-22s %5d", "failed jobs", failedJobs);
    say("%-22s %5d", "differing jobs", differingJobs);
    say("%-22s %5d", "checkpoints verified", verified);
    say("%-22s %5d", "invalid checkpoints", invalid);
    say("%-22s %5d", "seconds", Duration.ofNanos(System.nanoTime() - start).toSeconds());
  }

  @FormatMethod
  private static void say(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
