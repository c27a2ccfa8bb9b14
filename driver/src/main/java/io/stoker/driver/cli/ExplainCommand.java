package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.explain.ExplainJob;
import io.stoker.driver.explain.NeighbourJob;
import io.stoker.driver.explain.NeighbourRequest;
import io.stoker.driver.explain.Neighbours;
import io.stoker.failure.Check;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    header =
        "Shows where in an image a checkpoint sees a class, and the filters of its first layer.",
    customSynopsis =
        "./stoker [spark-submit option]... explain --checkpoint URI --output DIR [IMAGE...]"
            + " [option]...")
final class ExplainCommand extends StokerCommand {
  @Mixin private ModelOptions model;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP; local paths, hdfs:// or s3a://.")
  private List<String> images = List.of();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder for the pictures; created if it does not exist.")
  private Path output;

  @Option(
      names = "--filters",
      description = "Also draw the filters of the first layer, into filters.png.")
  private boolean filters;

  @Option(
      names = "--no-maps",
      description =
          "Draw no saliency maps; for models with batch normalization, for which there are none.")
  private boolean noMaps;

  @Option(
      names = "--neighbours",
      paramLabel = "N",
      description =
          "For each image, find the N samples of --data that are closest to it in the last hidden"
              + " layer, on the executors, and draw them into neighbours.png.")
  private Integer neighbours;

  @Option(
      names = "--data",
      paramLabel = "URI",
      description = "With --neighbours: shards, made by prepare.")
  private String data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "With --neighbours: the split of the data (default: ${DEFAULT-VALUE}).")
  private String split;

  @Mixin private TopOption top;

  ExplainCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    checkOptions();
    ObjectNode json = Report.object();
    Table table = new Table();
    Map<Path, BufferedImage> pictures = new LinkedHashMap<>();
    try (ExplainJob job = new ExplainJob(model.checkpoint, model.engine, SparkSetup.hadoop())) {
      if (!noMaps) {
        addMaps(job, pictures, table, json);
      }
      if (filters) {
        Path picture = output.resolve("filters.png");
        pictures.put(picture, job.filters().draw());
        table.row("filters", picture.toString());
        json.put("filters", picture.toString());
      }
    }
    String text = table.toString();
    if (neighbours != null) {
      text += addNeighbours(pictures, json);
    }
    Files.createDirectories(output);
    for (Map.Entry<Path, BufferedImage> picture : pictures.entrySet()) {
      ImageIO.write(picture.getValue(), "png", picture.getKey().toFile());
    }
    return new Report(text, json);
  }

  private void checkOptions() {
    Check.input(
        filters || !images.isEmpty(), "Missing images: name at least one file, or say --filters");
    Check.input(
        !Files.exists(output) || Files.isDirectory(output),
        "Invalid output: %s is no folder",
        output);
    Check.input(
        neighbours == null || data != null, "Missing --data: among what to look for --neighbours");
    Check.input(neighbours == null || !images.isEmpty(), "Missing images: whose neighbours?");
    Check.input(neighbours != null || data == null, "Missing --neighbours: how many in --data?");
    Check.input(
        !noMaps || filters || neighbours != null,
        "Nothing to do: --no-maps goes with --neighbours or --filters");
  }

  private void addMaps(
      ExplainJob job, Map<Path, BufferedImage> pictures, Table table, ObjectNode json) {
    ArrayNode array = json.putArray("explanations");
    job.explain(
        images,
        top.classes(),
        explanation -> {
          Path picture = picture(pictures.size() + 1);
          pictures.put(picture, ExplanationSheet.draw(explanation));
          table.row(
              explanation.prediction().image(),
              explanation.prediction().classes().get(0).name(),
              picture.toString());
          array.add(Report.object(explanation.prediction()).put("picture", picture.toString()));
        });
  }

  private String addNeighbours(Map<Path, BufferedImage> pictures, ObjectNode json) {
    List<Neighbours> found;
    try (JavaSparkContext spark = SparkSetup.start("explain")) {
      found =
          NeighbourJob.run(
              spark,
              new NeighbourRequest(
                  model.checkpoint, images, data, split, neighbours, model.engine));
    }
    Path picture = output.resolve("neighbours.png");
    pictures.put(picture, NeighbourSheet.draw(found));
    json.put("neighbours_picture", picture.toString());
    Table table = new Table(2);
    ArrayNode array = json.putArray("neighbours");
    for (Neighbours each : found) {
      ArrayNode samples = array.addObject().put("image", each.image()).putArray("samples");
      for (Neighbours.Sample sample : each.samples()) {
        table.row(
            each.image(), sample.className(), "%.3f".formatted(sample.distance()), sample.path());
        samples
            .addObject()
            .put("path", sample.path())
            .put("class", sample.className())
            .put("distance", sample.distance());
      }
    }
    return "%sneighbours  %s%n".formatted(table, picture);
  }

  /** Numbered, since images of different folders may have one name. */
  private Path picture(int number) {
    String name = Locations.absolute(images.get(number - 1), SparkSetup.hadoop()).getName();
    int dot = name.lastIndexOf('.');
    return output.resolve(
        String.format(Locale.ROOT, "%02d-%s.png", number, dot > 0 ? name.substring(0, dot) : name));
  }
}
