// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.command.ArithmeticOptions;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.evaluate.CalibrateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "calibrate",
    header = "Fits a temperature, so that probabilities say how often the network is right.",
    customSynopsis =
        "./stoker [spark-submit option]... calibrate --checkpoint URI --data URI [option]...",
    description = {
      "",
      "The temperature is written next to the checkpoint. It changes probabilities, and not which"
          + " class is the most probable one; evaluate, predict, probe, explain, export and Spark"
          + " ML use it."
    })
final class CalibrateCommand extends StokerCommand {
  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Mixin private ArithmeticOptions arithmetic;

  @Mixin private DataOption data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = CalibrateJob.VALIDATION,
      description =
          "The split to fit the temperature on, which was not trained on (default:"
              + " ${DEFAULT-VALUE}).")
  private String split;

  @Mixin private BatchOption batch;

  @Mixin private TestViewsOption testViews;

  @Mixin private DeviceOption device;

  CalibrateCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    int together = batch.images();
    EvaluateRequest request =
        new EvaluateRequest(
            checkpoint.inference(engine, testViews, arithmetic), data.uri, split, together, 1);
    try (JavaSparkContext spark = SparkSetup.start("calibrate", device.configuration())) {
      Calibration calibration = CalibrateJob.run(spark, request);
      return new Report(Line.of("%s%n", calibration.text()), Report.object(calibration));
    }
  }
}
