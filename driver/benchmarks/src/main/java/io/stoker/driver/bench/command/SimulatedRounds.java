// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.bench.AveragingLoad;
import io.stoker.driver.bench.RoundCosts;
import io.stoker.driver.bench.RoundSimulation;
import io.stoker.driver.bench.SimulatedCluster;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;

/** Rounds of a simulated cluster, as a table and as JSON. */
final class SimulatedRounds {
  private static final int PERCENT = 100;

  private final SimulatedCluster cluster;
  private final Table table = new Table(0, 1, 2, 3, 4, 5, 6, 7);
  private final ObjectNode json = Report.object();
  private final ArrayNode simulated = json.putArray("simulated");

  SimulatedRounds(SimulatedCluster cluster) {
    this.cluster = cluster;
    table.row(
        "parameters",
        "workers",
        "overlap",
        "s a round",
        "of them steps",
        "in addition",
        "hidden",
        "bytes through the driver");
  }

  /** Simulates rounds, and adds a line about them. */
  void add(AveragingLoad load) {
    RoundSimulation.Result result = new RoundSimulation(load, cluster, RoundCosts.MEASURED).run();
    table.row(
        Line.of("%,d", load.slices().parameters()),
        Line.of("%,d", load.workers()),
        Integer.toString(load.overlapSteps()),
        Line.of("%.3f", result.secondsPerRound()),
        Line.of("%.3f", result.stepsSeconds()),
        Line.of("%.3f", result.secondsInAddition()),
        load.overlapSteps() == 0 ? "" : Line.of("%.0f %%", PERCENT * result.hiddenShare()),
        Line.of("%,d", result.driverBytesPerRound()));
    simulated.add(
        Report.object(result)
            .put("parameters", load.slices().parameters())
            .put("workers", load.workers())
            .put("slices", load.slices().count())
            .put("local_steps", load.steps().count())
            .put("overlap_steps", load.overlapSteps()));
  }

  Report report() {
    return new Report(table.toString(), json);
  }
}
