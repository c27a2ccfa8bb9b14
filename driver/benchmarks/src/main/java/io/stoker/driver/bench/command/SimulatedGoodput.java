// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.bench.AveragingLoad;
import io.stoker.driver.bench.RoundCosts;
import io.stoker.driver.bench.SimulatedCluster;
import io.stoker.driver.bench.StragglerSimulation;
import io.stoker.driver.bench.StragglerSimulation.Rule;
import io.stoker.driver.bench.Stragglers;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import java.util.List;

/** What a simulated cluster with stragglers trains, as a table and as JSON. */
final class SimulatedGoodput {
  private static final int PERCENT = 100;

  private final SimulatedCluster cluster;
  private final Stragglers stragglers;
  private final List<Rule> rules;
  private final int rounds;
  private final Table table = new Table(0, 1, 3, 4, 5);
  private final ObjectNode json = Report.object();
  private final ArrayNode simulated = json.putArray("simulated");

  /**
   * @param rules are compared
   * @param rounds how many are computed
   */
  SimulatedGoodput(SimulatedCluster cluster, Stragglers stragglers, List<Rule> rules, int rounds) {
    this.cluster = cluster;
    this.stragglers = stragglers;
    this.rules = rules;
    this.rounds = rounds;
    table.row("parameters", "workers", "rounds", "s a round", "examples that count", "goodput");
  }

  /** Simulates rounds with each rule, and adds a line about each. */
  void add(AveragingLoad load) {
    StragglerSimulation simulation =
        new StragglerSimulation(load, cluster, RoundCosts.MEASURED, stragglers);
    for (Rule rule : rules) {
      StragglerSimulation.Result result = simulation.run(rule, rounds);
      table.row(
          Line.of("%,d", load.slices().parameters()),
          Line.of("%,d", load.workers()),
          name(rule),
          Line.of("%.3f", result.secondsPerRound()),
          Line.of("%.1f %%", PERCENT * result.trainedShare()),
          Line.of("%.1f %%", PERCENT * result.goodput()));
      simulated.add(
          Report.object(result)
              .put("parameters", load.slices().parameters())
              .put("workers", load.workers())
              .put("local_steps", load.steps().count())
              .put("quorum", rule.quorum())
              .put("work_by_speed", rule.bySpeed()));
    }
  }

  private static String name(Rule rule) {
    String all = rule.bySpeed() ? "work by speed" : "synchronous";
    String quorum = Line.of("quorum %s", rule.quorum());
    return rule.quorum() == 1 ? all : rule.bySpeed() ? all + ", " + quorum : quorum;
  }

  Report report() {
    return new Report(table.toString(), json);
  }
}
