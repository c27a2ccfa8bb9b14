// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.bench.AveragingLoad;
import io.stoker.driver.bench.SimulatedCluster;
import io.stoker.driver.bench.Stragglers;
import io.stoker.driver.bench.WaitingSteps;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;
import io.stoker.failure.Check;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "averaging",
    header = "Measures the averaging alone: rounds of a network that computes nothing.",
    customSynopsis = "./stoker [spark-submit option]... bench averaging --parameters N [option]...",
    description = {
      "",
      "Each executor needs about 27 bytes of heap per parameter, and 7 more per slot:",
      "--executor-memory 3g for 62,000,000. With less, each round is a stage of its own.",
      "The driver needs as much only with a baseline.",
      "",
      "With --step-millis each worker waits in every step, as it does for a GPU that computes."
    })
final class BenchAveragingCommand extends StokerCommand {
  /** The ways of averaging to compare with. */
  enum Baseline {
    DRIVER,
    DL4J
  }

  private static final int LONGEST_STEP_MILLIS = 60_000;
  private static final int MOST_WORKERS = 1 << 20;
  private static final int ROUNDS = 10;
  private static final int STRAGGLING_ROUNDS = 1000;
  private static final int[] LARGE_CLUSTERS = {64, 128, 256, 512, 1024};

  @Option(
      names = "--parameters",
      paramLabel = "N,...",
      required = true,
      split = ",",
      description = "The number of the model's fp32 parameters.")
  private int[] parameters;

  @Option(
      names = "--workers",
      paramLabel = "W,...",
      split = ",",
      description =
          "The number of logical workers (default: 2; with --simulate 64,128,256,512,1024).")
  private int[] workers;

  @Option(
      names = "--rounds",
      paramLabel = "R",
      description =
          "Rounds to measure, after a warm-up (default: 10; with --simulate as many as a stage or"
              + " group has; with slow workers or failures 1000).")
  private Integer rounds;

  @Option(
      names = "--slice-bytes",
      paramLabel = "N",
      description =
          "The largest size of a slice (default: that of train, by parameters and workers).")
  private Integer sliceBytes;

  @Option(
      names = "--wire",
      paramLabel = "fp32|fp16|int8",
      defaultValue = "fp32",
      description =
          "The format in which workers send their values to be averaged (default:"
              + " ${DEFAULT-VALUE}).")
  private Wire wire;

  @Option(
      names = "--local-steps",
      paramLabel = "T",
      defaultValue = "1",
      description = "Steps of each worker in a round (default: ${DEFAULT-VALUE}).")
  private int localSteps;

  @Option(
      names = "--step-millis",
      paramLabel = "X",
      defaultValue = "0",
      description =
          "How long a worker waits in each step, in milliseconds, without using the processor"
              + " (default: ${DEFAULT-VALUE}).")
  private double stepMillis;

  @Option(
      names = "--overlap-steps",
      paramLabel = "N,...",
      defaultValue = "0",
      split = ",",
      description =
          "Take the average after N steps of the next round, as train does; 0 is without overlap."
              + " 0,N measures both, and the share of the exchange that overlap hides. Rounds"
              + " overlap in groups, of which the last one does not (default: ${DEFAULT-VALUE}).")
  private int[] overlapSteps;

  @Option(
      names = "--baseline",
      paramLabel = "driver|dl4j",
      description =
          "Also measure a baseline: treeReduce and broadcast, or Deeplearning4j's"
              + " ParameterAveragingTrainingMaster. May be repeated.")
  private Set<Baseline> baselines = new LinkedHashSet<>();

  @Mixin private SimulationOptions simulation;

  BenchAveragingCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Optional<SimulatedCluster> cluster = simulation.cluster();
    Optional<Stragglers> stragglers = simulation.stragglers();
    int straggling = rounds == null ? STRAGGLING_ROUNDS : rounds;
    if (stragglers.isPresent()) {
      rounds = null; // A stage has as many rounds as fit.
    }
    if (workers == null) {
      workers = cluster.isPresent() ? LARGE_CLUSTERS : new int[] {2};
    }
    if (rounds == null) {
      rounds = cluster.isPresent() ? Integer.MAX_VALUE : ROUNDS;
    }
    check();
    List<AveragingLoad> loads = loads(checkedSteps());
    if (stragglers.isPresent()) {
      return simulate(cluster.orElseThrow(), stragglers.get(), straggling, loads);
    }
    return cluster.isPresent() ? simulate(cluster.get(), loads) : measure(loads);
  }

  private void check() {
    for (int count : parameters) {
      Check.input(
          count >= 1 && count <= 1 << 28,
          "Invalid parameters: %d (must be 1 to %d)",
          count,
          1 << 28);
      Check.input(
          count >= 4 || !baselines.contains(Baseline.DL4J),
          "Invalid parameters: %d (the network of --baseline dl4j has at least 4)",
          count);
    }
    for (int count : workers) {
      Check.input(
          count >= 1 && count <= MOST_WORKERS,
          "Invalid workers: %d (must be 1 to %d)",
          count,
          MOST_WORKERS);
    }
    Check.input(rounds >= 1, "Invalid rounds: %d (must be >= 1)", rounds);
    Check.input(
        sliceBytes == null || (sliceBytes >= 1024 && sliceBytes % Float.BYTES == 0),
        "Invalid slice size: %d bytes (must be >= 1024, and a multiple of 4)",
        sliceBytes);
  }

  /** Each number of parameters with each number of workers and each overlap, in this order. */
  private List<AveragingLoad> loads(WaitingSteps steps) {
    List<AveragingLoad> loads = new ArrayList<>();
    for (int size : parameters) {
      for (int count : workers) {
        int sliceLength =
            sliceBytes == null
                ? ParameterSlices.fittingLength(size, 1, count)
                : ParameterSlices.lengthOf(sliceBytes);
        ParameterSlices slices = new ParameterSlices(size, 1, sliceLength);
        for (int overlap : overlapSteps) {
          loads.add(new AveragingLoad(slices, count, rounds, wire, steps, overlap));
        }
      }
    }
    return loads;
  }

  private Report simulate(SimulatedCluster cluster, List<AveragingLoad> loads) {
    Check.input(
        wire == Wire.FP32 && baselines.isEmpty(),
        "--simulate computes rounds of Stoker with --wire fp32, and no baselines");
    SimulatedRounds simulated = new SimulatedRounds(cluster);
    loads.forEach(simulated::add);
    return simulated.report();
  }

  private Report simulate(
      SimulatedCluster cluster, Stragglers stragglers, int count, List<AveragingLoad> loads) {
    Limits.atLeast("--rounds", count, 1);
    Check.input(
        wire == Wire.FP32
            && baselines.isEmpty()
            && IntStream.of(overlapSteps).allMatch(n -> n == 0),
        "--slow-workers, --tail and --failures-per-hour compute rounds with --wire fp32, without"
            + " --overlap-steps and --baseline");
    Check.input(
        stepMillis > 0,
        "--slow-workers, --tail and --failures-per-hour need to know how long a step takes: say"
            + " --step-millis X");
    SimulatedGoodput simulated =
        new SimulatedGoodput(cluster, stragglers, simulation.rules(), count);
    loads.forEach(simulated::add);
    return simulated.report();
  }

  private Report measure(List<AveragingLoad> loads) {
    // The driver's way brings a vector of each of the last workers to the driver at once, and sends
    // the mean in blocks of Spark's own size.
    Map<String, String> options =
        baselines.isEmpty()
            ? Map.of()
            : Map.of("spark.driver.maxResultSize", "0", "spark.broadcast.blockSize", "4m");
    List<AveragingLibrary> libraries =
        baselines.contains(Baseline.DL4J) ? List.of(AveragingLibrary.named("dl4j")) : List.of();
    try (JavaSparkContext spark = SparkSetup.start("bench averaging", options)) {
      MeasuredRounds measured =
          new MeasuredRounds(spark, baselines.contains(Baseline.DRIVER), libraries);
      for (int first = 0; first < loads.size(); first += overlapSteps.length) {
        if (parameters.length * workers.length > 1) {
          measured.headline(loads.get(first));
        }
        measured.add(loads.subList(first, first + overlapSteps.length));
      }
      return measured.report();
    }
  }

  private WaitingSteps checkedSteps() {
    Limits.atLeast("--local-steps", localSteps, 1);
    Check.input(
        stepMillis >= 0 && stepMillis <= LONGEST_STEP_MILLIS,
        "Invalid --step-millis: %s (must be 0 to %d)",
        stepMillis,
        LONGEST_STEP_MILLIS);
    for (int overlap : overlapSteps) {
      Limits.atLeast("--overlap-steps", overlap, 0);
      Check.input(
          overlap == 0 || overlap < localSteps,
          "Invalid overlap: %d steps (must be less than --local-steps, which is %d)",
          overlap,
          localSteps);
      Check.input(
          overlap == 0 || wire == Wire.FP32,
          "Invalid wire: %s with overlap (say --wire fp32, or --overlap-steps 0)",
          wire.name().toLowerCase(Locale.ROOT));
    }
    Check.input(
        stepMillis == 0 || !baselines.contains(Baseline.DL4J),
        "--baseline dl4j takes a step of its own: leave out --step-millis");
    return new WaitingSteps(localSteps, Duration.ofNanos(Math.round(stepMillis * 1e6)));
  }
}
