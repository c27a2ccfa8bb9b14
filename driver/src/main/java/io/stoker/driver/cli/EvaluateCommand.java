package io.stoker.driver.cli;

import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "evaluate",
    header = "Measures a checkpoint on prepared data: accuracy, classes, confusions.",
    customSynopsis =
        "./stoker [spark-submit option]... evaluate --checkpoint URI --data URI [option]...")
final class EvaluateCommand extends StokerCommand {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description = "A checkpoint folder, a model.zip, or a run folder (its newest valid one).")
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

  @Mixin private DeviceOption device;

  EvaluateCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    try (JavaSparkContext spark = SparkSide.start("evaluate", device.configuration())) {
      EvaluationReport report =
          EvaluateJob.run(spark, new EvaluateRequest(checkpoint, data, split, batch, engine));
      return new Report(report.toText(), report.toJson());
    }
  }
}
