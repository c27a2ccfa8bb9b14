// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.command.ArithmeticOptions;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.BestValidation;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.Check;
import io.stoker.models.engine.Precision;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    header =
        "Evaluates a checkpoint on prepared data: accuracy, scores of each class, confusion"
            + " matrix.",
    customSynopsis =
        "./stoker [spark-submit option]... evaluate --checkpoint URI --data URI [option]...")
final class EvaluateCommand extends StokerCommand {
  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Mixin private ArithmeticOptions arithmetic;

  @Mixin private DataOption data;

  @Mixin private EvaluationOptions on;

  @Option(
      names = "--all",
      description = "Evaluate each checkpoint of the run that --checkpoint names: a curve.")
  private boolean all;

  @Option(
      names = "--average",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Evaluate the mean of the parameters of the run's N newest checkpoints (default:"
              + " ${DEFAULT-VALUE}).")
  private int average;

  @Mixin private TestViewsOption testViews;

  @Mixin private SizeOption size;

  @Mixin private DeviceOption device;

  EvaluateCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Limits.atLeast("--average", average, 1);
    Check.input(
        !all || average == 1,
        "Either --all, which evaluates each checkpoint, or --average, which evaluates their mean");
    EvaluateRequest request =
        new EvaluateRequest(
            checkpoint.inference(engine, testViews, arithmetic, size),
            data.uri,
            on.split,
            on.batch.images(),
            average);
    try (JavaSparkContext spark = SparkSetup.start("evaluate", device.configuration())) {
      Optional<BestValidation> best =
          average == 1
              ? ModelFiles.bestValidation(checkpoint.uri, spark.hadoopConfiguration())
              : Optional.empty();
      if (all) {
        SelectionMetric metric = best.map(BestValidation::metric).orElse(SelectionMetric.ACCURACY);
        return curve(EvaluateJob.runAll(spark, request, this::progress), metric);
      }
      EvaluationReport report = EvaluateJob.run(spark, request);
      return best.filter(each -> each.validation().round() == report.clock().round())
          .map(each -> chosen(report, each, request.model().arithmetic().precision()))
          .orElseGet(() -> new Report(report.toText(), report.toJson()));
    }
  }

  /** The report of a run's best checkpoint, with what it is the best by. */
  private static Report chosen(EvaluationReport report, BestValidation best, Precision precision) {
    String line =
        best.precision() == precision
            ? ""
            : "; this evaluation is in %s (--precision %s computes as the run did)"
                .formatted(precision, best.precision());
    return new Report(
        Line.of("%s%n%nchosen as %s%s", report.toText(), best.text(), line),
        report
            .toJson()
            .put("metric", best.metric().toString())
            .put("metric_split", best.validation().split())
            .put("metric_value", best.value())
            .put("metric_precision", best.precision().toString()));
  }

  private void progress(EvaluationReport report) {
    console().say(Line.of("round %d: %.2f %%", report.clock().round(), 100 * report.accuracy()));
  }

  /** The checkpoints in the order of training, and which of them is the best by a metric. */
  static Report curve(List<EvaluationReport> reports, SelectionMetric metric) {
    Table table =
        new Table(0, 1, 2, 3, 4, 5)
            .row(
                "round",
                "epoch",
                "accuracy",
                "balanced",
                "log loss",
                "calibration error",
                "checkpoint");
    ObjectNode json = Report.object();
    for (EvaluationReport report : reports) {
      table.row(
          Line.of("%d", report.clock().round()),
          Line.of("%d", report.clock().epoch()),
          Line.percent(report.accuracy()),
          Line.percent(report.balancedAccuracy()),
          Line.of("%.4f", report.logLoss()),
          Line.percent(report.calibrationError()),
          report.checkpoint());
      json.withArray("checkpoints").add(report.summaryJson());
    }
    ValidationMetrics best =
        ValidationMetrics.best(
                reports.stream().map(EvaluationReport::toValidation).toList(), metric)
            .orElseThrow();
    json.put("best_round", best.round());
    json.put("best_accuracy", best.accuracy());
    json.put("metric", metric.toString());
    return new Report(
        Line.of("%s%nbest: round %d, %s%n", table, best.round(), metric.text(best.value(metric))),
        json);
  }
}
