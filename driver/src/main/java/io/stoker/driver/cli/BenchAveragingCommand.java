// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.driver.bench.AveragingBench;
import io.stoker.driver.bench.AveragingCost;
import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.bench.DriverAveraging;
import io.stoker.driver.bench.LibraryAveraging;
import io.stoker.driver.config.Wire;
import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
      "Each executor needs about 27 bytes of heap per parameter, and 7 more per slot:",
      "--executor-memory 3g for 62,000,000. With less, each round is a stage of its own.",
      "The driver needs as much only with a baseline."
    })
final class BenchAveragingCommand extends StokerCommand {
  /** The ways of averaging to compare with. */
  enum Baseline {
    DRIVER,
    DL4J
  }

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
      defaultValue = "2",
      split = ",",
      description = "The number of logical workers (default: ${DEFAULT-VALUE}).")
  private int[] workers;

  @Option(
      names = "--rounds",
      paramLabel = "R",
      defaultValue = "10",
      description = "Rounds to measure, after a warm-up (default: ${DEFAULT-VALUE}).")
  private int rounds;

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
      names = "--baseline",
      paramLabel = "driver|dl4j",
      description =
          "Also measure a baseline: treeReduce and broadcast, or Deeplearning4j's"
              + " ParameterAveragingTrainingMaster. May be repeated.")
  private Set<Baseline> baselines = new LinkedHashSet<>();

  BenchAveragingCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
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
      Check.input(count >= 1, "Invalid workers: %d (must be >= 1)", count);
    }
    Check.input(rounds >= 1, "Invalid rounds: %d (must be >= 1)", rounds);
    Check.input(
        sliceBytes == null || (sliceBytes >= 1024 && sliceBytes % Float.BYTES == 0),
        "Invalid slice size: %d bytes (must be >= 1024, and a multiple of 4)",
        sliceBytes);
    List<AveragingLibrary> libraries =
        baselines.contains(Baseline.DL4J) ? List.of(AveragingLibrary.named("dl4j")) : List.of();
    List<ObjectNode> measured = new ArrayList<>();
    Table table = new Table();
    // The driver's way brings a vector of each of the last workers to the driver at once, and sends
    // the mean in blocks of Spark's own size.
    Map<String, String> options =
        baselines.isEmpty()
            ? Map.of()
            : Map.of("spark.driver.maxResultSize", "0", "spark.broadcast.blockSize", "4m");
    try (JavaSparkContext spark = SparkSetup.start("bench averaging", options)) {
      for (int size : parameters) {
        for (int count : workers) {
          if (parameters.length * workers.length > 1) {
            table.row("", String.format(Locale.ROOT, "%,d parameters, %d workers", size, count));
          }
          measured.add(measure(spark, size, count, libraries, table));
        }
      }
    }
    ObjectNode json = measured.get(0);
    if (measured.size() > 1) {
      json = Report.object();
      json.putArray("measured").addAll(measured);
    }
    return new Report(table.toString(), json);
  }

  private ObjectNode measure(
      JavaSparkContext spark, int size, int count, List<AveragingLibrary> libraries, Table table) {
    int sliceLength =
        sliceBytes == null
            ? ParameterSlices.fittingLength(size, 1, count)
            : ParameterSlices.lengthOf(sliceBytes);
    ParameterSlices slices = new ParameterSlices(size, 1, sliceLength);
    AveragingBench.Result result = AveragingBench.run(spark, slices, count, rounds, wire);
    ObjectNode json =
        Report.object(result.cost())
            .put("parameters", size)
            .put("workers", count)
            .put("rounds", rounds)
            .put("slices", slices.count())
            .put("wire", wire.name().toLowerCase(Locale.ROOT))
            .put("master", spark.master())
            .put("gather_seconds", result.gatherSeconds())
            .put("scatter_seconds", result.scatterSeconds())
            .put("average_seconds", result.averageSeconds());
    table.row("stoker", text(result.cost()));
    ObjectNode others = json.putObject("baselines");
    double ours = result.cost().secondsPerRound();
    if (baselines.contains(Baseline.DRIVER)) {
      AveragingCost cost = DriverAveraging.run(spark, size, count, rounds);
      others.set("driver", compared("driver", cost, ours, "", table));
    }
    for (AveragingLibrary library : libraries) {
      others.set(
          library.name(),
          compared(
              LibraryAveraging.run(library, spark, size, count, rounds),
              library.name(),
              ours,
              table));
    }
    return json;
  }

  private static ObjectNode compared(
      LibraryAveraging.Result result, String name, double ours, Table table) {
    String step =
        String.format(
            Locale.ROOT, ", %.3f s of them its step on one example", result.stepSeconds());
    return compared(name, result.cost(), ours, step, table)
        .put("parameters", result.parameters())
        .put("step_seconds", result.stepSeconds());
  }

  private static ObjectNode compared(
      String name, AveragingCost cost, double ours, String remark, Table table) {
    double ratio = cost.secondsPerRound() / ours;
    table.row(
        name,
        String.format(Locale.ROOT, "%s%s; takes %.1f times as long", text(cost), remark, ratio));
    return Report.object(cost).put("times_as_long", ratio);
  }

  private static String text(AveragingCost cost) {
    return String.format(
        Locale.ROOT,
        "%.3f s a round (median), %,d bytes through the driver%s",
        cost.secondsPerRound(),
        cost.driverBytesPerRound(),
        cost.executorBytesPerRound() < 0
            ? ""
            : String.format(
                Locale.ROOT, ", %,d bytes between executors", cost.executorBytesPerRound()));
  }
}
