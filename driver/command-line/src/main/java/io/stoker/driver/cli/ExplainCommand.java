// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.ExactPixelsOption;
import io.stoker.driver.command.Limits;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.drawing.ExplanationSheet;
import io.stoker.driver.drawing.NeighbourSheet;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.explain.ExplainJob;
import io.stoker.driver.explain.NeighbourJob;
import io.stoker.driver.explain.NeighbourRequest;
import io.stoker.driver.explain.Neighbours;
import io.stoker.failure.Check;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "explain",
    header =
        "Shows where in an image a checkpoint sees a class, and the filters of its first layer.",
    customSynopsis =
        "./stoker [spark-submit option]... explain --checkpoint URI --output DIR [IMAGE...]"
            + " [option]...",
    description = {
      "",
      "An image that cannot be read has a line on stderr; the others are explained, and the exit"
          + " code is 2, or 4 where storage failed."
    })
final class ExplainCommand extends StokerCommand {
  /** In bytes of UTF-8, without the ending. */
  private static final int LONGEST_NAME = 240;

  @Spec private CommandSpec spec;

  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP, WebP; local paths, hdfs:// or s3a://.")
  private List<String> images = List.of();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "The folder for the pictures; created if it does not exist.")
  private String output;

  @Option(
      names = "--filters",
      description = "Also draw the filters of the first layer, into filters.png.")
  private boolean filters;

  @Option(
      names = "--no-maps",
      description =
          "Draw no saliency maps; for models without a convolution, and with the engine dl4j.")
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

  @Mixin private ExactPixelsOption exactPixels;

  ExplainCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    checkOptions();
    int named = top.classes();
    OutputFolder folder = SparkSetup.outputFolder(output);
    List<OutputPicture> maps = noMaps ? List.of() : maps(folder);
    OutputPicture filterPicture = OutputPicture.in(folder, output, "filters.png");
    OutputPicture neighbourPicture = OutputPicture.in(folder, output, "neighbours.png");
    ImageFailures failures = new ImageFailures(console());
    ObjectNode json = Report.object();
    Table table = new Table();
    if (!noMaps || filters) {
      try (ExplainJob job = new ExplainJob(inference(), SparkSetup.hadoop())) {
        if (!noMaps) {
          writeMaps(job, named, maps, failures, table, json);
        }
        if (filters) {
          filterPicture.write(job.filters().draw());
          table.row("filters", filterPicture.shown());
          json.put("filters", filterPicture.shown());
        }
      }
    }
    List<String> readable = images.stream().filter(each -> !failures.contains(each)).toList();
    String text = table.toString();
    if (neighbours != null && !readable.isEmpty()) {
      text += writeNeighbours(readable, neighbourPicture, failures, json);
    }
    return failures.report(text, json);
  }

  private Inference inference() {
    return checkpoint.inference(engine).withExactPixels(exactPixels.isGiven());
  }

  private void checkOptions() {
    Check.input(
        filters || !images.isEmpty(), "Missing images: name at least one file, or say --filters");
    Check.input(
        neighbours == null || data != null,
        "Missing --data: the samples among which to look for --neighbours");
    Check.input(
        neighbours == null || !images.isEmpty(),
        "Missing images: name those to find neighbours of");
    Check.input(
        neighbours != null || data == null,
        "Missing --neighbours: how many samples of --data to find for each image");
    Check.input(
        !noMaps || filters || neighbours != null,
        "Nothing to do: --no-maps goes with --neighbours or --filters");
    Check.input(
        !noMaps || images.isEmpty() || neighbours != null,
        "Invalid images: --no-maps uses them with --neighbours only");
    if (neighbours == null) {
      refuse(spec, "--neighbours", List.of("--split"));
    }
    if (neighbours != null) {
      Limits.atLeast("--neighbours", neighbours, 1);
      NeighbourSheet.requireDrawable(images.size(), neighbours);
    }
  }

  /**
   * The pictures of the images' maps, numbered because images of different folders may share a
   * name.
   */
  private List<OutputPicture> maps(OutputFolder folder) {
    List<OutputPicture> pictures = new ArrayList<>();
    for (String image : images) {
      String name = image.substring(image.lastIndexOf('/') + 1);
      int dot = name.lastIndexOf('.');
      String stem =
          Line.of("%02d-%s", pictures.size() + 1, dot > 0 ? name.substring(0, dot) : name);
      pictures.add(OutputPicture.in(folder, output, clipped(stem) + ".png"));
    }
    return pictures;
  }

  /** File systems limit the bytes of a name, and the picture's is longer than the image's. */
  private static String clipped(String name) {
    int end = name.length();
    while (name.substring(0, end).getBytes(StandardCharsets.UTF_8).length > LONGEST_NAME) {
      end = name.offsetByCodePoints(end, -1);
    }
    return name.substring(0, end);
  }

  private void writeMaps(
      ExplainJob job,
      int named,
      List<OutputPicture> pictures,
      ImageFailures failures,
      Table table,
      ObjectNode json) {
    ArrayNode array = json.putArray("explanations");
    int[] next = {0};
    job.explain(
        images,
        named,
        explanation -> {
          OutputPicture picture = pictures.get(next[0]++);
          picture.write(ExplanationSheet.draw(explanation));
          table.row(
              explanation.prediction().image(),
              explanation.prediction().classes().get(0).name(),
              picture.shown());
          array.add(Report.object(explanation.prediction()).put("picture", picture.shown()));
        },
        failure -> {
          next[0]++;
          failures.add(failure);
        });
  }

  private String writeNeighbours(
      List<String> readable, OutputPicture picture, ImageFailures failures, ObjectNode json) {
    List<Neighbours> found;
    try (JavaSparkContext spark = SparkSetup.start("explain")) {
      found =
          NeighbourJob.run(
              spark,
              new NeighbourRequest(inference(), readable, data, split, neighbours),
              failures::add);
    }
    if (found.isEmpty()) {
      return "";
    }
    picture.write(NeighbourSheet.draw(found));
    json.put("neighbours_picture", picture.shown());
    Table table = new Table(2);
    ArrayNode array = json.putArray("neighbours");
    for (Neighbours each : found) {
      ArrayNode samples = array.addObject().put("image", each.image()).putArray("samples");
      for (Neighbours.Sample sample : each.samples()) {
        table.row(
            each.image(), sample.className(), Line.of("%.3f", sample.distance()), sample.path());
        samples
            .addObject()
            .put("path", sample.path())
            .put("class", sample.className())
            .put("distance", sample.distance());
      }
    }
    return Line.of("%sneighbours  %s%n", table, picture.shown());
  }
}
