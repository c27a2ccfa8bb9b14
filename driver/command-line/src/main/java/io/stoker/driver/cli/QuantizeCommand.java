// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.QuantizeJob;
import io.stoker.driver.evaluate.QuantizeRequest;
import io.stoker.driver.evaluate.QuantizeResult;
import io.stoker.failure.DamagedException;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "quantize",
    header = "Writes a model whose convolutions and dense layers predict in int8.",
    customSynopsis =
        "./stoker [spark-submit option]... quantize --checkpoint URI --data URI --output FILE"
            + " [option]...",
    description = {
      "",
      "The model file is read like any other: evaluate, predict, probe and Spark ML compute its"
          + " layers in int8, on processors with VNNI or AMX, and export --format onnx writes them."
          + " If it is less accurate than --most-loss allows, nothing is written, the layers that"
          + " lose most are listed, and the exit code is 3."
    })
final class QuantizeCommand extends StokerCommand {
  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Mixin private DataOption data;

  @Option(
      names = "--output",
      paramLabel = "FILE",
      required = true,
      description = "The model file to write; a URI.")
  private String output;

  @Option(names = "--overwrite", description = "Replace the file if it exists.")
  private boolean overwrite;

  @Option(
      names = "--most-loss",
      paramLabel = "POINTS",
      defaultValue = "0.5",
      description =
          "The percentage points of accuracy that may be lost. Layers that lose too much stay in"
              + " fp32, as long as half of the arithmetic is in int8 (default: ${DEFAULT-VALUE}).")
  private double mostLoss;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description =
          "The split to measure accuracy and ranges on (default: validation, else test, else"
              + " train).")
  private String split;

  @Option(
      names = "--images",
      paramLabel = "N",
      defaultValue = "1000",
      description =
          "The number of images, rounded up to whole blocks, to find the ranges of values on"
              + " (default: ${DEFAULT-VALUE}).")
  private int images;

  @Mixin private BatchOption batch;

  QuantizeCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    int together = batch.images();
    Limits.atLeast("--images", images, 1);
    QuantizeRequest request =
        new QuantizeRequest(
            new EvaluateRequest(checkpoint.inference(engine), data.uri, split, together, 1),
            images,
            mostLoss);
    OutputFile file = SparkSetup.outputFile(output, overwrite, checkpoint.uri);
    SparkSetup.outputFile(Calibration.file(file.path()).toString(), overwrite, checkpoint.uri);
    try (JavaSparkContext spark = SparkSetup.start("quantize")) {
      return report(QuantizeJob.run(spark, request, file, console()::say), file);
    }
  }

  private Report report(QuantizeResult result, OutputFile file) {
    long inInt8 = result.layers().stream().filter(QuantizeResult.Layer::inInt8).count();
    ObjectNode json =
        Report.object()
            .put("ranges", result.ranges())
            .put("split", result.split())
            .put("examples", result.examples())
            .put("accuracy_before", result.accuracyBefore())
            .put("accuracy", result.accuracy())
            .put("points_lost", result.points())
            .put("layers_in_int8", inInt8);
    Table table =
        new Table()
            .row("ranges", result.ranges())
            .row("layers in int8", Line.of("%d of %d", inInt8, result.layers().size()))
            .row(
                "accuracy",
                Line.of(
                    "%s of %,d %s images, %s in fp32: %.2f points lost, %.2f allowed",
                    Line.percent(result.accuracy()),
                    result.examples(),
                    result.split(),
                    Line.percent(result.accuracyBefore()),
                    result.points(),
                    mostLoss));
    String layers = layers(result, json);
    if (result.withinGate()) {
      json.put("output", file.path().toString());
      return new Report(table.row("model file", output) + layers, json);
    }
    return new Report(
        Line.of(
            "%s%s%nNothing was written: more is lost than --most-loss allows, with as many of"
                + " these layers in fp32 as leave half of the arithmetic in int8.%n",
            table, layers),
        json,
        DamagedException.EXIT_CODE);
  }

  /** The layers by what they lose; empty where that was not measured. */
  private static String layers(QuantizeResult result, ObjectNode json) {
    Table table = new Table(2, 3).row("layer", "computed in", "points lost", "log loss");
    for (QuantizeResult.Layer layer : result.layers()) {
      ObjectNode each =
          json.withArray("layers")
              .addObject()
              .put("layer", layer.path())
              .put("label", layer.label())
              .put("precision", layer.inInt8() ? "int8" : "fp32");
      if (!Double.isNaN(layer.points())) {
        each.put("points_lost", layer.points()).put("log_loss_added", layer.logLoss());
        table.row(
            layer.path() + " " + layer.label(),
            layer.inInt8() ? "int8" : "fp32",
            Line.of("%.2f", layer.points()),
            Line.of("%+.4f", layer.logLoss()));
      }
    }
    return Double.isNaN(result.layers().get(0).points())
        ? ""
        : Line.of("%nEach layer alone in int8, the one that loses most first:%n%s", table);
  }
}
