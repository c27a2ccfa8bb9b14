// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunRecord;
import java.util.List;
import java.util.Optional;

/** The part of the page that shows a run, made from the run folder alone. */
final class RunView {
  private RunView() {}

  /**
   * Makes the part as JSON.
   *
   * @param summary the run
   * @param rounds all its rounds so far
   */
  static ObjectNode of(RunSummary summary, List<RoundMetrics> rounds) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("name", summary.folder().getName())
        .put("folder", Locations.plain(summary.folder().toString()))
        .put("state", summary.state().toString())
        .put("updated", summary.updated().toString())
        .put("damage", summary.damage())
        .put("rounds", rounds.size());
    Optional<TrainingConfig> config = summary.record().map(record -> record.job().config());
    json.set("curves", ChartData.of(rounds, config.map(job -> job.rounds().workers()).orElse(1)));
    ChartData.put(
        json,
        "training_seconds",
        rounds.stream().mapToDouble(round -> round.seconds().total()).sum());
    if (!rounds.isEmpty()) {
      json.put("examples", rounds.get(rounds.size() - 1).examplesTotal());
    }
    json.set("validations", validations(summary));
    summary
        .best()
        .ifPresent(
            best ->
                json.putObject("best")
                    .put("round", best.validation().round())
                    .put("split", best.splitText())
                    .put("metric", best.metric().toString().replace('-', '_'))
                    .put("label", best.metric().label())
                    .put("text", best.metricText())
                    .put("accuracy", best.validation().accuracy()));
    summary.earlyStop().ifPresent(stop -> json.put("ended_early", stop.reason()));
    summary.record().ifPresent(record -> put(json, record));
    return json;
  }

  private static ArrayNode validations(RunSummary summary) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    for (ValidationMetrics validation : summary.validations()) {
      ObjectNode json = array.addObject();
      json.put("round", validation.round()).put("split", validation.split());
      ChartData.put(json, "accuracy", validation.accuracy());
      ChartData.put(json, "loss", validation.logLoss());
      ChartData.put(json, "balanced_accuracy", validation.balancedAccuracy());
      ChartData.put(json, "macro_f1", validation.macroF1());
    }
    return array;
  }

  private static void put(ObjectNode json, RunRecord record) {
    TrainingConfig config = record.job().config();
    json.put("planned_rounds", record.rounds())
        .put("model", config.model())
        .put("workers", config.rounds().workers());
    ObjectNode options = json.putObject("config");
    ConfigFormat.options(config).forEach(options::put);
    ObjectNode versions = json.putObject("versions");
    record.versions().forEach(versions::put);
    ReproductionCommands.of(config).forEach(json.putArray("commands")::add);
  }
}
