// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.bench.AveragingBench;
import io.stoker.driver.bench.AveragingCost;
import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.bench.AveragingLoad;
import io.stoker.driver.bench.DriverAveraging;
import io.stoker.driver.bench.WaitingSteps;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.apache.spark.api.java.JavaSparkContext;

/** Rounds that are measured on a cluster, as lines of text and as JSON. */
final class MeasuredRounds {
  private static final int PERCENT = 100;

  private final JavaSparkContext spark;
  private final boolean driversWay;
  private final List<AveragingLibrary> libraries;
  private final Table table = new Table();
  private final List<ObjectNode> measured = new ArrayList<>();

  /**
   * @param spark the cluster
   * @param driversWay whether averaging through the driver is measured too
   * @param libraries whose averaging is measured too
   */
  MeasuredRounds(JavaSparkContext spark, boolean driversWay, List<AveragingLibrary> libraries) {
    this.spark = spark;
    this.driversWay = driversWay;
    this.libraries = libraries;
  }

  /** Adds a line that says which rounds come next. */
  void headline(AveragingLoad load) {
    table.row(
        "", Line.of("%,d parameters, %d workers", load.slices().parameters(), load.workers()));
  }

  Report report() {
    ObjectNode json = measured.get(0);
    if (measured.size() > 1) {
      json = Report.object();
      json.putArray("measured").addAll(measured);
    }
    return new Report(table.toString(), json);
  }

  /** Measures rounds that differ in their overlap alone, and the baselines once. */
  void add(List<AveragingLoad> overlaps) {
    List<ObjectNode> added = new ArrayList<>();
    OptionalDouble exchange = OptionalDouble.empty();
    for (AveragingLoad load : overlaps) {
      AveragingBench.Result result = AveragingBench.run(spark, load);
      ObjectNode json = json(load, result);
      double inAddition = inAddition(result.cost(), load.steps());
      String name = "stoker";
      String hidden = "";
      if (load.overlapSteps() == 0) {
        exchange = OptionalDouble.of(inAddition);
      } else {
        name += ", overlap " + load.overlapSteps();
      }
      if (load.overlapSteps() > 0 && exchange.isPresent()) {
        double share = 1 - inAddition / exchange.getAsDouble();
        json.put("hidden_share", share);
        hidden = Line.of("; hides %.0f %% of the exchange", PERCENT * share);
      }
      table.row(name, text(result.cost(), load.steps()) + hidden);
      added.add(json);
    }
    measureBaselines(overlaps.get(0), added.get(0));
    measured.addAll(added);
  }

  private void measureBaselines(AveragingLoad load, ObjectNode ours) {
    int size = Math.toIntExact(load.slices().parameters());
    int count = load.workers();
    double seconds = ours.get("seconds_per_round").asDouble();
    ObjectNode others = ours.putObject("baselines");
    if (driversWay) {
      AveragingCost cost = DriverAveraging.run(spark, size, count, load.rounds(), load.steps());
      others.set("driver", compared("driver", cost, load.steps(), seconds, ""));
    }
    for (AveragingLibrary library : libraries) {
      others.set(
          library.name(),
          compared(library.averaging(spark, size, count), load.rounds(), library.name(), seconds));
    }
  }

  private ObjectNode json(AveragingLoad load, AveragingBench.Result result) {
    return cost(result.cost(), load.steps())
        .put("parameters", load.slices().parameters())
        .put("workers", load.workers())
        .put("rounds", load.rounds())
        .put("slices", load.slices().count())
        .put("wire", load.wire().name().toLowerCase(Locale.ROOT))
        .put("local_steps", load.steps().count())
        .put("overlap_steps", load.overlapSteps())
        .put("master", spark.master())
        .put("gather_seconds", result.gatherSeconds())
        .put("scatter_seconds", result.scatterSeconds())
        .put("average_seconds", result.averageSeconds());
  }

  private static ObjectNode cost(AveragingCost cost, WaitingSteps steps) {
    return Report.object(cost)
        .put("steps_seconds", steps.seconds())
        .put("seconds_in_addition", inAddition(cost, steps));
  }

  /** The seconds of a round in addition to its steps. */
  private static double inAddition(AveragingCost cost, WaitingSteps steps) {
    return cost.secondsPerRound() - steps.seconds();
  }

  private ObjectNode compared(
      AveragingLibrary.Averaging library, int rounds, String name, double ours) {
    AveragingCost cost = AveragingBench.measure(spark, rounds, library::round);
    String step = Line.of(", %.3f s of them its step on one example", library.stepSeconds());
    return compared(name, cost, WaitingSteps.NONE, ours, step)
        .put("parameters", library.parameters())
        .put("step_seconds", library.stepSeconds());
  }

  private ObjectNode compared(
      String name, AveragingCost cost, WaitingSteps steps, double ours, String remark) {
    double ratio = cost.secondsPerRound() / ours;
    table.row(name, Line.of("%s%s; takes %.1f times as long", text(cost, steps), remark, ratio));
    return cost(cost, steps).put("times_as_long", ratio);
  }

  private static String text(AveragingCost cost, WaitingSteps steps) {
    String parts =
        steps.seconds() == 0
            ? ""
            : Line.of(
                ", %.3f s of them steps and %.3f s in addition",
                steps.seconds(), inAddition(cost, steps));
    String moved =
        cost.executorBytesPerRound() < 0
            ? ""
            : Line.of(", %,d bytes between executors", cost.executorBytesPerRound());
    return Line.of(
        "%.3f s a round (median)%s, %,d bytes through the driver%s",
        cost.secondsPerRound(), parts, cost.driverBytesPerRound(), moved);
  }
}
