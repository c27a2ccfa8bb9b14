package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.augment.Distortion;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.probe.ProbeChart;
import io.stoker.driver.probe.ProbeJob;
import io.stoker.driver.probe.ProbeReport;
import io.stoker.driver.probe.ProbeRequest;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "probe",
    header =
        "Measures accuracy on images that are shifted, scaled, rotated, blurred, noisy or coarse.",
    customSynopsis =
        "./stoker [spark-submit option]... probe --checkpoint URI --data URI [option]...")
final class ProbeCommand extends StokerCommand {
  @Mixin private ModelOptions model;

  @Mixin private EvaluationOptions on;

  @Option(
      names = "--distortions",
      paramLabel = "NAME,...",
      split = ",",
      description =
          "The distortions to measure: shift, scale, rotate, blur, noise, resolution (default:"
              + " all).")
  private List<String> distortions = List.of();

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The seed of directions and noise (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--per-class",
      description = "Also show the recall of each class, which --json always has.")
  private boolean perClass;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      description =
          "The folder for probe.json and the plot probe.png; created if it does not exist.")
  private Path output;

  ProbeCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    Check.input(
        output == null || !Files.exists(output) || Files.isDirectory(output),
        "Invalid output: %s is no folder",
        output);
    ProbeRequest request =
        new ProbeRequest(
            new EvaluateRequest(model.checkpoint, on.data.uri, on.split, on.batch, model.engine),
            named(distortions),
            seed);
    ProbeReport report;
    try (JavaSparkContext spark = SparkSetup.start("probe")) {
      report = ProbeJob.run(spark, request, this::progress);
    }
    ObjectNode json = report.toJson();
    StringBuilder text = new StringBuilder(text(report, perClass));
    if (output != null) {
      Files.createDirectories(output);
      Path picture = output.resolve("probe.png");
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(output.resolve("probe.json").toFile(), json);
      ImageIO.write(ProbeChart.draw(report), "png", picture.toFile());
      json.put("picture", picture.toString());
      text.append("plot: ").append(picture).append('\n');
    }
    return new Report(text.toString(), json);
  }

  private void progress(Distortion distortion, ProbeReport.Measurement measurement) {
    if (console().messagesOnTerminal()) {
      console()
          .say(
              "%s %s %s: %.2f %%"
                  .formatted(
                      distortion.label(),
                      number(measurement.level()),
                      distortion.unit(),
                      100 * measurement.accuracy()));
    }
  }

  private static List<Distortion> named(List<String> names) {
    if (names.isEmpty()) {
      return List.of(Distortion.values());
    }
    List<Distortion> found = new ArrayList<>();
    List<String> known = Arrays.stream(Distortion.values()).map(Distortion::label).toList();
    for (String name : names) {
      if (!known.contains(name)) {
        throw new InputException(
            "Unknown distortion: '%s'; %s".formatted(name, Suggestion.among(name, known)));
      }
      found.add(Distortion.values()[known.indexOf(name)]);
    }
    return found;
  }

  /** A line of levels and lines of percentages, a distortion. */
  static String text(ProbeReport report, boolean perClass) {
    int most =
        report.curves().stream().mapToInt(curve -> curve.measurements().size()).max().orElse(0);
    Table table = new Table(IntStream.rangeClosed(1, most).boxed().toArray(Integer[]::new));
    for (ProbeReport.Curve curve : report.curves()) {
      List<String> levels = new ArrayList<>(List.of(curve.distortion().label()));
      List<String> accuracies = new ArrayList<>(List.of("  accuracy, %"));
      for (ProbeReport.Measurement measurement : curve.measurements()) {
        levels.add(number(measurement.level()));
        accuracies.add("%.2f".formatted(100 * measurement.accuracy()));
      }
      while (levels.size() <= most) {
        levels.add("");
      }
      levels.add(curve.distortion().unit());
      table.row(levels.toArray(String[]::new)).row(accuracies.toArray(String[]::new));
      for (int label = 0; perClass && label < report.plain().classes().size(); label++) {
        int index = label;
        List<String> recalls =
            new ArrayList<>(List.of("  " + report.plain().classes().get(label).name()));
        curve.measurements().stream()
            .map(each -> "%.2f".formatted(100 * each.recalls().get(index)))
            .forEach(recalls::add);
        table.row(recalls.toArray(String[]::new));
      }
    }
    return "%s on %s, split %s: %,d examples, %.2f %% as they are%n%s"
        .formatted(
            report.plain().model(),
            report.plain().data(),
            report.plain().split(),
            report.plain().examples(),
            100 * report.plain().accuracy(),
            table);
  }

  private static String number(double level) {
    return level == Math.rint(level) ? "%d".formatted((long) level) : Double.toString(level);
  }
}
