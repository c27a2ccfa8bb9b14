package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.data.storage.Storage;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Engines;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "predict",
    header = "Tells what a checkpoint sees in images, and draws them.",
    customSynopsis =
        "./stoker [spark-submit option]... predict --checkpoint URI IMAGE... [option]...")
final class PredictCommand extends StokerCommand {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description = "A checkpoint folder, a model.zip, or a run folder (its newest valid one).")
  private String checkpoint;

  @Parameters(
      arity = "1..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP; local paths, hdfs:// or s3a://.")
  private List<String> images;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "3",
      description = "Classes to name (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--save",
      paramLabel = "FILE.png",
      description = "Draw into this picture, not in the terminal.")
  private Path save;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description = "What computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  private String engine;

  PredictCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    Check.input(top >= 1, "Invalid number of classes: %d (must be >= 1)", top);
    Configuration hadoop = SparkSide.hadoop();
    List<Prediction> predictions =
        PredictJob.run(hadoop, new PredictRequest(checkpoint, images, top, engine));
    return report(predictions, read(predictions, hadoop), save, console().resultsOnTerminal());
  }

  /** The images as they are, not as the network takes them. */
  static List<Pixels> read(List<Prediction> predictions, Configuration hadoop) throws IOException {
    List<Pixels> pixels = new ArrayList<>();
    for (Prediction prediction : predictions) {
      org.apache.hadoop.fs.Path file = Storage.path(prediction.image());
      try (InputStream stream = Storage.of(file, hadoop).open(file)) {
        pixels.add(ImageCodec.decode(stream.readAllBytes(), ImageCodec.DEFAULT_MAXIMUM_PIXELS));
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
