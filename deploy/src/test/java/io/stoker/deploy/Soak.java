// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.errorprone.annotations.FormatMethod;
import io.stoker.deploy.Stoker.Outcome;
import io.stoker.deploy.Stoker.Started;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Kills processes of training jobs on a local cluster of two executors at random moments, until it
 * has killed so many, and compares what becomes of the jobs with one that nothing disturbed. Where
 * {@link FaultToleranceIT} hits moments that someone has thought of, this hits all others.
 *
 * <p>The choice of victims and moments follows a seed, and moments are counted in rounds; which
 * instruction a process dies at is up to the machine. The cluster, the data and the last run folder
 * are in {@code target/soak}.
 */
public final class Soak {
  /** What jobs do; they take turns. */
  private enum Job {
    /** Three workers on two slots, so that a round has two waves and two stages. */
    IN_WAVES(
        5,
        """
        workers: 3
        local-steps: 4
        epochs: 12
        slice-bytes: 65536
        checkpoint-every: 3
        """),
    /** A worker a slot, who average slices for each other, take an outer step, and send changes. */
    TOGETHER_IN_SLICES(
        60,
        """
        workers: 2
        local-steps: 4
        epochs: 40
        slice-bytes: 65536
        outer-momentum: 0.5
        wire: int8
        checkpoint-every: 16
        """),
    /** A worker a slot, each of which averages the one slice for itself. */
    TOGETHER(
        60,
        """
        workers: 2
        local-steps: 4
        epochs: 40
        checkpoint-every: 16
        """),
    /** A worker a slot, whose rounds overlap in groups of an epoch. */
    OVERLAPPING(
        60,
        """
        workers: 2
        local-steps: 4
        overlap-steps: 2
        epochs: 40
        slice-bytes: 65536
        checkpoint-every: 16
        """);

    private static final String ALL =
        """
        batch: 32
        learning-rate: 0.02
        momentum: 0.9
        keep: 4
        """;

    /** Between two kills at most, so that the job gets on. */
    private final int mostRounds;

    private final String recipe;

    Job(int mostRounds, String recipe) {
      this.mostRounds = mostRounds;
      this.recipe = recipe + ALL;
    }

    String training(String run) {
      return "train --data data --model lenet5 --recipe %s.yaml --json --run %s"
          .formatted(name(), run);
    }
  }

  /** A job that nothing disturbs. */
  private record Undisturbed(String parametersSha256, int rounds) {}

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long POLL_NANOSECONDS = TimeUnit.MILLISECONDS.toNanos(5);

  private enum Victim {
    EXECUTOR,
    /** A worker of the cluster, with its executor; another one takes its place. */
    WORKER,
    /** The job goes on with {@code --resume}. */
    DRIVER
  }

  private final Stoker stoker;
  private final LocalCluster cluster;
  private final String master;
  private final Path folder;
  private final Random random;
  private final int kills;
  private final Map<Job, Undisturbed> undisturbed = new EnumMap<>(Job.class);

  private final Map<Victim, Integer> killed = new EnumMap<>(Victim.class);
  private int jobs;
  private int failedJobs;
  private int differingJobs;
  private int verified;
  private int invalid;

  private Soak(Path folder, LocalCluster cluster, int kills, long seed) throws IOException {
    this.folder = folder;
    this.cluster = cluster;
    this.kills = kills;
    this.random = new Random(seed);
    this.stoker = Stoker.in(folder);
    this.master = cluster.start("--executors", "1", "--cores", "1", "--memory", "1g");
    cluster.haveWorkers(2);
    succeed("--master local[2] synth --output data --count 3000 --size 28 --overwrite --json");
    for (Job job : Job.values()) {
      Files.writeString(folder.resolve(job + ".yaml"), job.recipe);
      delete(folder.resolve("undisturbed"));
      String master = job == Job.OVERLAPPING ? "local[2] " : "local[1] ";
      JsonNode result = succeed("--master " + master + job.training("undisturbed"));
      undisturbed.put(
          job,
          new Undisturbed(result.get("parameters_sha256").asText(), result.get("rounds").asInt()));
    }
  }

  /**
   * Kills, and prints what came of it; the exit code is 1 if a job or a checkpoint was lost.
   *
   * @param arguments the number of kills and the seed
   */
  public static void main(String[] arguments) throws IOException {
    Path folder =
        Files.createDirectories(
            Path.of(System.getProperty("stoker.build", "target"), "soak").toAbsolutePath());
    LocalCluster cluster = LocalCluster.in(folder.resolve("cluster"));
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::stop, "soak's end"));
    long start = System.nanoTime();
    Soak soak =
        new Soak(folder, cluster, Integer.parseInt(arguments[0]), Long.parseLong(arguments[1]));
    while (soak.killed() < soak.kills) {
      soak.train(Job.values()[soak.jobs % Job.values().length]);
    }
    boolean clean = soak.report(Duration.ofNanos(System.nanoTime() - start));
    System.exit(clean ? 0 : 1);
  }

  private JsonNode succeed(String command) {
    Outcome outcome = stoker.run(command.split(" "));
    if (outcome.exitCode() != 0) {
      throw new IllegalStateException(command + ": " + outcome.err());
    }
    return outcome.json();
  }

  private int killed() {
    return killed.values().stream().mapToInt(Integer::intValue).sum();
  }

  /** One job, from its first round to its end, however many drivers it takes. */
  private void train(Job job) throws IOException {
    jobs++;
    Path run = folder.resolve("run");
    delete(run);
    Outcome outcome = untilDriverEnds(start(job.training("run")), run, job.mostRounds);
    while (outcome.exitCode() == 128 + 9) {
      verify();
      outcome = untilDriverEnds(start("train --run run --resume --json"), run, job.mostRounds);
    }
    Undisturbed expected = undisturbed.get(job);
    if (outcome.exitCode() != 0) {
      failedJobs++;
      say("job %d failed with exit code %d: %s", jobs, outcome.exitCode(), outcome.err());
    } else if (!outcome.json().get("parameters_sha256").asText().equals(expected.parametersSha256())
        || lines(run) != expected.rounds()) {
      differingJobs++;
      say("job %d is not the undisturbed one: %s", jobs, outcome.out());
    }
    verify();
    say(
        "job %d (%s): %d of %d kills; %d jobs failed, %d differ; of checkpoints %d valid, %d not",
        jobs, job, killed(), kills, failedJobs, differingJobs, verified, invalid);
  }

  private Started start(String command) {
    return stoker.start(("--master " + master + " --executor-memory 1g " + command).split(" "));
  }

  /** Kills this and that as rounds go on, and lets the driver come to its end. */
  private Outcome untilDriverEnds(Started driver, Path run, int mostRounds) throws IOException {
    long begun = lines(run);
    int wait = 1 + random.nextInt(mostRounds);
    while (killed() < kills && awaitRounds(driver, run, begun + wait)) {
      Victim victim = draw();
      if (kill(victim, driver)) {
        killed.merge(victim, 1, Integer::sum);
      }
      begun = lines(run);
      wait = 1 + random.nextInt(mostRounds);
    }
    return Stoker.finish(driver);
  }

  private Victim draw() {
    int draw = random.nextInt(10);
    return draw < 5 ? Victim.EXECUTOR : draw < 7 ? Victim.WORKER : Victim.DRIVER;
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
      if (now != seen) {
        took = System.nanoTime() - since;
        since = System.nanoTime();
        seen = now;
      }
    }
    LockSupport.parkNanos((long) (random.nextDouble() * took));
    return driver.process().isAlive();
  }

  private boolean kill(Victim victim, Started driver) {
    switch (victim) {
      case EXECUTOR -> {
        List<ProcessHandle> executors =
            cluster.workers().stream().flatMap(ProcessHandle::children).toList();
        if (executors.isEmpty()) { // The one before has just been killed.
          return false;
        }
        return executors.get(random.nextInt(executors.size())).destroyForcibly();
      }
      case WORKER -> {
        cluster.workers().get(random.nextInt(cluster.workers().size())).destroyForcibly();
        cluster.haveWorkers(2);
        return true;
      }
      case DRIVER -> {
        return driver.process().destroyForcibly() != null;
      }
    }
    throw new IllegalStateException(victim.toString());
  }

  /** Reads all checkpoints that are to be seen. */
  private void verify() {
    Outcome outcome = stoker.run("checkpoints", "run", "--json");
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
    killed.forEach(
        (victim, count) -> say("%-22s %5d", victim.name().toLowerCase(Locale.ROOT) + "s", count));
    say("%-22s %5d", "kills", killed());
    say("%-22s %5d", "jobs", jobs);
    say("%-22s %5d", "resumed", killed.getOrDefault(Victim.DRIVER, 0));
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
