package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.explain.ExplainJob;
import io.stoker.driver.explain.Explanation;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    header = "Shows where in an image a checkpoint sees a class, and what its filters look for.",
    customSynopsis =
        "./stoker [spark-submit option]... explain --checkpoint URI --output DIR [IMAGE...]"
            + " [option]...")
final class ExplainCommand extends StokerCommand {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description =
          "A checkpoint folder, a model.zip, or a run folder (its best checkpoint by validation, else"
              + " its newest valid one).")
  private String checkpoint;

  @Parameters(
      arity = "0..*",
      paramLabel = "IMAGE",
      description = "Image files: PNG, JPEG, GIF, BMP; local paths, hdfs:// or s3a://.")
  private List<String> images = List.of();

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "A folder for the pictures; made if it is not there.")
  private Path output;

  @Option(
      names = "--filters",
      description = "Draw the filters of the first layer too, into filters.png.")
  private boolean filters;

  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "3",
      description = "Classes to name (default: ${DEFAULT-VALUE}).")
  private int top;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description = "What computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  private String engine;

  ExplainCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    Check.input(
        filters || !images.isEmpty(), "Missing images: name at least one file, or say --filters");
    Check.input(
        !Files.exists(output) || Files.isDirectory(output),
        "Invalid output: %s is no folder",
        output);
    ObjectNode json = Report.object();
    Table table = new Table();
    try (ExplainJob job = new ExplainJob(checkpoint, engine, SparkSide.hadoop())) {
      List<BufferedImage> sheets = new ArrayList<>();
      ArrayNode array = json.putArray("explanations");
      job.explain(
          images,
          top,
          explanation -> {
            sheets.add(ExplanationSheet.draw(explanation));
            add(explanation, sheets.size(), table, array);
          });
      Files.createDirectories(output);
      for (int i = 0; i < sheets.size(); i++) {
        write(sheets.get(i), picture(i + 1));
      }
      if (filters) {
        Path picture = output.resolve("filters.png");
        write(job.filters().draw(), picture);
        table.row("filters", picture.toString());
        json.put("filters", picture.toString());
      }
    }
    return new Report(table.toString(), json);
  }

  private void add(Explanation explanation, int number, Table table, ArrayNode array) {
    Path picture = picture(number);
    table.row(
        explanation.prediction().image(),
        explanation.prediction().classes().get(0).name(),
        picture.toString());
    array.add(Report.object(explanation.prediction()).put("picture", picture.toString()));
  }

  /** Numbered, since images of different folders may have one name. */
  private Path picture(int number) {
    String name = Locations.absolute(images.get(number - 1), SparkSide.hadoop()).getName();
    int dot = name.lastIndexOf('.');
    return output.resolve("%02d-%s.png".formatted(number, dot > 0 ? name.substring(0, dot) : name));
  }

  private static void write(BufferedImage picture, Path file) throws IOException {
    ImageIO.write(picture, "png", file.toFile());
  }
}
