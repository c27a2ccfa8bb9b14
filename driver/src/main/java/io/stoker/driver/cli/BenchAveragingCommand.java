package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.bench.AveragingBench;
import io.stoker.driver.bench.AveragingCost;
import io.stoker.driver.bench.DriverAveraging;
import io.stoker.driver.config.Wire;
import io.stoker.failure.Check;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "averaging",
    header = "Measures the averaging alone: rounds of a network that computes nothing.",
    customSynopsis = "./stoker [spark-submit option]... bench averaging --parameters N [option]...",
    description = {
      "",
      "Each executor needs a heap of about 16 bytes a parameter, and 4 more a slot:",
      "--executor-memory 3g for 62,000,000. The driver needs that only with a baseline."
    })
final class BenchAveragingCommand extends StokerCommand {
  /** The ways of averaging to compare with. */
  enum Baseline {
    DRIVER
  }

  @Option(
      names = "--parameters",
      paramLabel = "N",
      required = true,
      description = "How many fp32 parameters the model has.")
  private int parameters;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description = "Logical workers (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--rounds",
      paramLabel = "R",
      defaultValue = "10",
      description = "Rounds to measure, after a warm-up (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--slice-bytes",
      paramLabel = "N",
      defaultValue = "4194304",
      description = "How large a slice may be (default: ${DEFAULT-VALUE}).")
  private int sliceBytes;

  @Option(
      names = "--wire",
      paramLabel = "fp32|fp16|int8",
      defaultValue = "fp32",
      description = "What workers' values travel as to be averaged (default: ${DEFAULT-VALUE}).")
  private Wire wire;

  @Option(
      names = "--baseline",
      paramLabel = "driver",
      description =
          "Also measure another way, in the same run: treeReduce and broadcast. May be repeated.")
  private Set<Baseline> baselines = new LinkedHashSet<>();

  BenchAveragingCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    Check.input(
        parameters >= 1 && parameters <= 1 << 28,
        "Invalid parameters: %d (must be 1 to %d)",
        parameters,
        1 << 28);
    Check.input(workers >= 1, "Invalid workers: %d (must be >= 1)", workers);
    Check.input(rounds >= 1, "Invalid rounds: %d (must be >= 1)", rounds);
    Check.input(
        sliceBytes >= 1024 && sliceBytes % Float.BYTES == 0,
        "Invalid slice size: %d bytes (must be >= 1024, and a multiple of 4)",
        sliceBytes);
    try (JavaSparkContext spark = SparkSide.start("bench averaging")) {
      AveragingBench.Result result =
          AveragingBench.run(spark, parameters, workers, rounds, sliceBytes, wire);
      Table table = new Table();
      ObjectNode json =
          Report.object(result.cost())
              .put("parameters", parameters)
              .put("workers", workers)
              .put("rounds", rounds)
              .put("wire", wire.name().toLowerCase(Locale.ROOT))
              .put("master", spark.master())
              .put("gather_seconds", result.gatherSeconds())
              .put("scatter_seconds", result.scatterSeconds())
              .put("average_seconds", result.averageSeconds());
      table.row("stoker", text(result.cost()));
      ObjectNode others = json.putObject("baselines");
      for (Baseline baseline : baselines) {
        AveragingCost cost = measure(baseline, spark);
        double ratio = cost.secondsPerRound() / result.cost().secondsPerRound();
        String name = baseline.name().toLowerCase(Locale.ROOT);
        table.row(name, "%s; takes %.1f times as long".formatted(text(cost), ratio));
        others.set(name, Report.object(cost).put("times_as_long", ratio));
      }
      return new Report(table.toString(), json);
    }
  }

  private AveragingCost measure(Baseline baseline, JavaSparkContext spark) {
    return switch (baseline) {
      case DRIVER -> DriverAveraging.run(spark, parameters, workers, rounds);
    };
  }

  private static String text(AveragingCost cost) {
    return "%.3f s a round (median), %,d bytes through the driver%s"
        .formatted(
            cost.secondsPerRound(),
            cost.driverBytesPerRound(),
            cost.executorBytesPerRound() < 0
                ? ""
                : ", %,d bytes between executors".formatted(cost.executorBytesPerRound()));
  }
}
