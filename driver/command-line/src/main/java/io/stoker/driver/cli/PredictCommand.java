// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.ArithmeticOptions;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.ExactPixelsOption;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.drawing.PredictionSheet;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.score.BulkPredictJob;
import io.stoker.driver.score.BulkPredictRequest;
import io.stoker.driver.score.BulkPredictResult;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "predict",
    header =
        "Classifies images with a checkpoint: single images, which it draws, or a whole folder.",
    customSynopsis = {
      "./stoker [spark-submit option]... predict --checkpoint URI IMAGE... [option]...",
      "./stoker [spark-submit option]... predict --checkpoint URI --input URI --output URI"
          + " [option]..."
    },
    description = {
      "",
      "Named images are drawn in a terminal. One that cannot be read has a line on stderr; the"
          + " others are classified, and the exit code is 2, or 4 where storage failed. With"
          + " --input, images that cannot be read are counted and listed, and the exit code is 2"
          + " only if none could be read."
    })
final class PredictCommand extends StokerCommand {
  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Mixin private ArithmeticOptions arithmetic;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP, WebP; local paths, hdfs:// or s3a://.")
  private List<String> images = List.of();

  @Mixin private TopOption top;

  @Option(
      names = "--save",
      paramLabel = "FILE.png",
      description = "Draw into this file instead of the terminal.")
  private String save;

  @Option(
      names = "--input",
      paramLabel = "URI",
      description =
          "Classify all images in a folder and its subfolders, or a folder of shards, on the"
              + " executors. An image that cannot be read gets a row with the error.")
  private String input;

  @Option(
      names = "--output",
      paramLabel = "URI",
      description =
          "With --input: the folder for Parquet files with the columns path, prediction,"
              + " probability, the top classes and error.")
  private String output;

  @Option(
      names = "--overwrite",
      description = "With --output: replace predictions of an earlier call, and nothing else.")
  private boolean overwrite;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "With --input: the split of the shards to classify (default: all).")
  private String split;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "32",
      description = "With --input: images per forward pass (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Mixin private TestViewsOption testViews;

  @Mixin private SizeOption size;

  @Mixin private ExactPixelsOption exactPixels;

  @Spec private CommandSpec spec;

  PredictCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    if (input != null || (output != null && images.isEmpty())) {
      return bulk();
    }
    Check.input(
        !images.isEmpty(), "Missing images: name at least one file, or say --input and --output");
    refuseBulkOptions();
    PredictRequest request = new PredictRequest(inference(), images, top.classes());
    Optional<OutputPicture> picture = Optional.ofNullable(save).map(PredictCommand::picture);
    if (picture.isPresent()) {
      PredictionSheet.requireDrawable(images.size());
    }
    PredictionReport report = new PredictionReport(console(), picture);
    PredictJob.run(SparkSetup.hadoop(), request, report);
    report.writePicture();
    return report.report();
  }

  private void refuseBulkOptions() {
    refuse(
        spec,
        "--input, not with named images",
        List.of("--output", "--overwrite", "--split", "--batch"));
  }

  private static OutputPicture picture(String file) {
    Check.input(file.endsWith(".png"), "Invalid --save: %s (must end in .png)", file);
    return new OutputPicture(file, SparkSetup.outputFile("--save", file));
  }

  private Inference inference() {
    return checkpoint
        .inference(engine, testViews, arithmetic, size)
        .withExactPixels(exactPixels.isGiven());
  }

  private Report bulk() {
    Check.input(images.isEmpty(), "Images are either named or in --input, not both: %s", images);
    Check.input(input != null, "Missing --input: --output is for a folder of images");
    Check.input(output != null, "Missing --output: where to write the predictions");
    Check.input(save == null, "--save draws single images, it does not go with --input");
    Limits.atLeast("--batch", batch, 1);
    BulkPredictRequest request =
        new BulkPredictRequest(
            inference(),
            input,
            output,
            split,
            top.classes(),
            batch,
            overwrite
                ? BulkPredictRequest.ExistingOutput.OVERWRITE
                : BulkPredictRequest.ExistingOutput.REFUSE);
    BulkPredictResult result;
    try (JavaSparkContext spark = SparkSetup.start("predict")) {
      result = BulkPredictJob.run(spark, request);
    }
    Report report = BulkPrediction.report(result);
    if (result.unreadable() == 0 || result.unreadable() < result.images()) {
      return report;
    }
    show(report);
    throw new InputException(
        "Cannot read any image in %s (the column error in %s says why)".formatted(input, output));
  }
}
