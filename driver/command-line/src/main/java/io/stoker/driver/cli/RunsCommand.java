// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.base.TerminalText;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.report.RunSummary;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.RunRecord;
import io.stoker.driver.search.StudyFolder;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "runs",
    header = "Lists the runs in a folder: state, rounds, accuracy, loss.",
    customSynopsis = "./stoker [spark-submit option]... runs DIR [option]...",
    description = {
      "",
      "Accuracy is that of a run's best validation, with the metric that it was chosen by and the"
          + " precision, if they are not the accuracy and fp32. For a run without validations it is"
          + " that of the last round on its own training images, marked (train). A run is running"
          + " while its driver holds its lock, and interrupted if it has rounds to do and no"
          + " driver."
    })
final class RunsCommand extends StokerCommand {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm", Locale.ROOT).withZone(ZoneId.systemDefault());

  @Parameters(
      paramLabel = "DIR",
      description = "A folder with run folders in it, or a run folder; a URI.")
  private String folder;

  RunsCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    List<RunSummary> runs = RunSummary.in(folder, SparkSetup.hadoop(), Instant.now());
    ObjectNode json = Report.object();
    json.putArray("runs");
    if (runs.isEmpty()) {
      StudyFolder study =
          StudyFolder.at(Locations.absolute(folder, SparkSetup.hadoop()), SparkSetup.hadoop());
      return new Report(
          "no runs in %s%s%n"
              .formatted(
                  folder,
                  study.isStudy()
                      ? ", which is a study: those of its trials are in %s/trials".formatted(folder)
                      : ""),
          json);
    }
    Table table =
        new Table(4, 5, 6)
            .row("run", "state", "model", "data", "rounds", "accuracy", "loss", "updated");
    for (RunSummary run : runs) {
      table.row(row(run));
      json.withArray("runs").add(json(run));
    }
    StringBuilder text = new StringBuilder(table.toString());
    runs.stream()
        .filter(run -> !run.damage().isEmpty())
        .forEach(
            run ->
                text.append(TerminalText.escapeLine(run.folder().getName() + ": " + run.damage()))
                    .append('\n'));
    for (RunSummary run : runs) {
      run.earlyStop()
          .ifPresent(
              stop ->
                  text.append(
                          TerminalText.escapeLine(
                              run.folder().getName() + ": ended early: " + stop.reason()))
                      .append('\n'));
    }
    return new Report(text.toString(), json);
  }

  private static String[] row(RunSummary run) {
    Optional<TrainingConfig> config = run.record().map(record -> record.job().config());
    return new String[] {
      run.folder().getName(),
      run.state().toString(),
      config.map(TrainingConfig::model).orElse(""),
      config.map(job -> Locations.plain(job.data().uri())).orElse(""),
      rounds(run),
      run.accuracy()
          .map(share -> Line.of("%.2f %% (%s)", 100 * share, run.split()))
          .map(text -> text + run.best().map(RunsCommand::bestBy).orElse(""))
          .orElse(""),
      run.last().map(round -> Line.of("%.4f", round.loss())).orElse(""),
      TIME.format(run.updated())
    };
  }

  /** The metric that the best validation was chosen by, if it is not the accuracy. */
  private static String bestBy(BestValidation best) {
    return best.metric() == SelectionMetric.ACCURACY ? "" : ", best by " + best.metricText();
  }

  private static String rounds(RunSummary run) {
    int planned = run.record().map(RunRecord::rounds).orElse(0);
    return run.last().map(RoundMetrics::round).orElse(0) + (planned > 0 ? "/" + planned : "");
  }

  private static ObjectNode json(RunSummary run) {
    ObjectNode json = Report.object();
    json.put("run", run.folder().toString()).put("state", run.state().toString());
    run.record()
        .ifPresent(
            record ->
                json.put("model", record.job().config().model())
                    .put("data", record.job().config().data().uri())
                    .put("planned_rounds", record.rounds()));
    json.put("rounds", run.last().map(RoundMetrics::round).orElse(0));
    run.accuracy().ifPresent(share -> json.put("accuracy", share));
    json.put("split", run.best().map(best -> best.validation().split()).orElse("train"));
    run.best()
        .ifPresent(
            best ->
                json.put("best_round", best.validation().round())
                    .put("metric", best.metric().toString())
                    .put("metric_value", best.value())
                    .put("precision", best.precision().toString()));
    run.last().ifPresent(round -> json.put("loss", round.loss()));
    run.earlyStop().ifPresent(stop -> json.put("ended_early", stop.reason()));
    json.put("updated", run.updated().toString());
    if (!run.damage().isEmpty()) {
      json.put("damage", run.damage());
    }
    return json;
  }
}
