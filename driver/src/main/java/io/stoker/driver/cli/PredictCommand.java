package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.image.ImageFile;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.storage.Storage;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.score.BulkPredictJob;
import io.stoker.driver.score.BulkPredictRequest;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.worker.eval.Crops;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "predict",
    header =
        "Classifies images with a checkpoint: single images, which it draws, or a whole folder.",
    customSynopsis = {
      "./stoker [spark-submit option]... predict --checkpoint URI IMAGE... [option]...",
      "./stoker [spark-submit option]... predict --checkpoint URI --input URI --output URI"
          + " [option]..."
    })
final class PredictCommand extends StokerCommand {
  @Mixin private ModelOptions model;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP; local paths, hdfs:// or s3a://.")
  private List<String> images = List.of();

  @Mixin private TopOption top;

  @Option(
      names = "--save",
      paramLabel = "FILE.png",
      description = "Draw into this file instead of the terminal.")
  private Path save;

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

  @Option(names = "--overwrite", description = "With --output: replace predictions that are there.")
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

  @Option(
      names = "--ten-crop",
      description =
          "Average the outputs for ten crops of each image: the four corners and the centre, each"
              + " also mirrored. For models that were trained on larger images than their input.")
  private boolean tenCrop;

  PredictCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    if (input != null || output != null) {
      return bulk();
    }
    Check.input(
        !images.isEmpty(), "Missing images: name at least one file, or say --input and --output");
    Configuration hadoop = SparkSetup.hadoop();
    List<Prediction> predictions =
        PredictJob.run(
            hadoop,
            new PredictRequest(model.checkpoint, images, top.classes(), model.engine, crops()));
    return report(predictions, read(predictions, hadoop), save, console().resultsOnTerminal());
  }

  private Crops crops() {
    return tenCrop ? Crops.TEN : Crops.CENTRE;
  }

  private Report bulk() {
    Check.input(images.isEmpty(), "Images are either named or in --input: %s is too much", images);
    Check.input(input != null, "Missing --input: --output is for a folder of images");
    Check.input(output != null, "Missing --output: where to write the predictions");
    Check.input(save == null, "--save draws single images, it does not go with --input");
    BulkPredictRequest request =
        new BulkPredictRequest(
            model.checkpoint,
            input,
            output,
            split,
            top.classes(),
            batch,
            model.engine,
            crops(),
            overwrite
                ? BulkPredictRequest.ExistingOutput.OVERWRITE
                : BulkPredictRequest.ExistingOutput.REFUSE);
    try (JavaSparkContext spark = SparkSetup.start("predict")) {
      return BulkPrediction.report(BulkPredictJob.run(spark, request));
    }
  }

  /** The images as they are, not as the network takes them. */
  static List<Pixels> read(List<Prediction> predictions, Configuration hadoop) throws IOException {
    List<Pixels> pixels = new ArrayList<>();
    for (Prediction prediction : predictions) {
      try {
        pixels.add(ImageFile.decode(Storage.path(prediction.image()), hadoop));
      } catch (UnreadableImageException e) {
        throw new InputException(
            "Cannot read image %s: %s".formatted(prediction.image(), e.getMessage()), e);
      }
    }
    return pixels;
  }

  static Report report(List<Prediction> predictions, List<Pixels> images, Path save, boolean colors)
      throws IOException {
    StringBuilder text = new StringBuilder();
    ObjectNode json = Report.object();
    ArrayNode array = json.putArray("predictions");
    for (int i = 0; i < predictions.size(); i++) {
      text.append(PredictionText.of(predictions.get(i), images.get(i), colors));
      array.add(Report.object(predictions.get(i)));
    }
    if (save == null) {
      return new Report(text.toString(), json);
    }
    write(predictions, images, save);
    json.put("picture", save.toString());
    return new Report("Picture: %s%n".formatted(save), json);
  }

  static void write(List<Prediction> predictions, List<Pixels> images, Path file)
      throws IOException {
    Check.input(file.toString().endsWith(".png"), "Invalid picture: %s (must end in .png)", file);
    Path folder = file.toAbsolutePath().getParent();
    Check.input(
        java.nio.file.Files.isDirectory(folder), "Invalid picture: there is no folder %s", folder);
    ImageIO.write(PredictionSheet.draw(predictions, images), "png", file.toFile());
  }
}
