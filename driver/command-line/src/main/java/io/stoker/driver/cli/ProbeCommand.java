// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.augment.Distortion;
import io.stoker.data.storage.OutputFile;
import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.probe.ProbeChart;
import io.stoker.driver.probe.ProbeJob;
import io.stoker.driver.probe.ProbeReport;
import io.stoker.driver.probe.ProbeRequest;
import io.stoker.failure.Suggestion;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
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
  private static final ObjectWriter MAPPER = new ObjectMapper().writerWithDefaultPrettyPrinter();

  @Mixin private CheckpointOption checkpoint;

  @Mixin private EngineOption engine;

  @Mixin private DataOption data;

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
  private String output;

  ProbeCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    Optional<OutputFolder> folder =
        Optional.ofNullable(output).map(uri -> SparkSetup.outputFolder(uri));
    Optional<OutputFile> numbers = folder.map(each -> each.file("probe.json"));
    Optional<OutputPicture> picture =
        folder.map(each -> OutputPicture.in(each, output, "probe.png"));
    ProbeRequest request =
        new ProbeRequest(
            new EvaluateRequest(
                checkpoint.inference(engine), data.uri, on.split, on.batch.images(), 1),
            named(distortions),
            seed);
    ProbeReport report = probe(request);
    ObjectNode json = report.toJson();
    StringBuilder text = new StringBuilder(text(report, perClass));
    if (folder.isPresent()) {
      numbers.get().write(MAPPER.writeValueAsBytes(json));
      picture.get().write(ProbeChart.draw(report));
      json.put("picture", picture.get().shown());
      text.append("plot: ").append(picture.get().shown()).append('\n');
    }
    return new Report(text.toString(), json);
  }

  private ProbeReport probe(ProbeRequest request) {
    try (JavaSparkContext spark = SparkSetup.start("probe")) {
      return ProbeJob.run(spark, request, this::progress);
    }
  }

  private void progress(Distortion distortion, ProbeReport.Measurement measurement) {
    if (console().messagesOnTerminal()) {
      console()
          .say(
              Line.of(
                  "%s %s %s: %.2f %%",
                  distortion.label(),
                  number(measurement.level()),
                  distortion.unit(),
                  100 * measurement.accuracy()));
    }
  }

  private static List<Distortion> named(List<String> names) {
    List<Distortion> all = List.of(Distortion.values());
    return names.isEmpty()
        ? all
        : names.stream()
            .map(name -> Suggestion.choose("distortion", name, all, Distortion::label))
            .toList();
  }

  /** For each distortion, a line of levels and lines of percentages. */
  static String text(ProbeReport report, boolean perClass) {
    int most =
        report.curves().stream().mapToInt(curve -> curve.measurements().size()).max().orElse(0);
    Table table = new Table(IntStream.rangeClosed(1, most).boxed().toArray(Integer[]::new));
    for (ProbeReport.Curve curve : report.curves()) {
      List<String> levels = new ArrayList<>(List.of(curve.distortion().label()));
      List<String> accuracies = new ArrayList<>(List.of("  accuracy, %"));
      for (ProbeReport.Measurement measurement : curve.measurements()) {
        levels.add(number(measurement.level()));
        accuracies.add(Line.of("%.2f", 100 * measurement.accuracy()));
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
            .map(each -> Line.of("%.2f", 100 * each.recalls().get(index)))
            .forEach(recalls::add);
        table.row(recalls.toArray(String[]::new));
      }
    }
    return Line.of(
        "%s on %s, split %s: %,d examples, %.2f %% as they are%n%s",
        report.plain().model(),
        report.plain().data(),
        report.plain().split(),
        report.plain().examples(),
        100 * report.plain().accuracy(),
        table);
  }

  private static String number(double level) {
    return level == Math.rint(level) ? Line.of("%d", (long) level) : Double.toString(level);
  }
}
