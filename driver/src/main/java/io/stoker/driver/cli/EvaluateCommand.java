package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    header = "Measures a checkpoint on prepared data: accuracy, classes, confusions.",
    customSynopsis =
        "./stoker [spark-submit option]... evaluate --checkpoint URI --data URI [option]...")
final class EvaluateCommand extends StokerCommand {
  @Option(
      names = {"--checkpoint", "--run"},
      paramLabel = "URI",
      required = true,
      description =
          "A checkpoint folder, a model.zip, or a run folder (its best checkpoint by validation, else"
              + " its newest valid one).")
  private String checkpoint;

  @Option(
      names = "--data",
      paramLabel = "URI",
      required = true,
      description = "Shards, made by prepare.")
  private String data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Which part of the data (default: test, else validation).")
  private String split;

  @Option(
      names = "--all",
      description = "Evaluate every checkpoint of a run folder: a curve over its rounds.")
  private boolean all;

  @Option(
      names = "--average",
      paramLabel = "N",
      defaultValue = "1",
      description = "Evaluate the mean of the parameters of a run's N newest checkpoints.")
  private int average;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of one forward pass (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description = "What computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  private String engine;

  EvaluateCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    try (JavaSparkContext spark = SparkSide.start("evaluate")) {
      EvaluateRequest request =
          new EvaluateRequest(checkpoint, data, split, batch, engine, average);
      if (all) {
        return curve(EvaluateJob.runAll(spark, request, this::say));
      }
      EvaluationReport report = EvaluateJob.run(spark, request);
      return new Report(report.toText() + System.lineSeparator(), report.toJson());
    }
  }

  private void say(EvaluationReport report) {
    console()
        .say(
            "round %d: accuracy %.2f %%"
                .formatted(report.clock().round(), 100 * report.accuracy()));
  }

  /** The checkpoints of a run beside each other. */
  private static Report curve(List<EvaluationReport> reports) {
    Table table = new Table(0, 1, 2, 3, 4, 5);
    table.row("round", "epoch", "accuracy", "macro F1", "log loss", "calibration error");
    ObjectNode json = Report.object();
    ArrayNode checkpoints = json.putArray("checkpoints");
    for (EvaluationReport report : reports) {
      table.row(
          Long.toString(report.clock().round()),
          Long.toString(report.clock().epoch()),
          "%.2f %%".formatted(100 * report.accuracy()),
          "%.2f %%".formatted(100 * report.macro().f1()),
          "%.4f".formatted(report.logLoss()),
          "%.2f %%".formatted(100 * report.calibrationError()));
      checkpoints.add(report.toJson());
    }
    EvaluationReport best =
        Collections.max(reports, Comparator.comparingDouble(EvaluationReport::accuracy));
    json.put("best", best.checkpoint()).put("accuracy", best.accuracy());
    return new Report(
        "%sbest: %s, %.2f %%%n"
            .formatted(table, SparkSide.plain(best.checkpoint()), 100 * best.accuracy()),
        json);
  }
}
