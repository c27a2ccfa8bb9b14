// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.report.ShellQuoting;
import io.stoker.driver.round.TrainResult;
import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "quickstart",
    header = "Prepares MNIST, trains LeNet-5 on it, evaluates, and predicts a few images.",
    customSynopsis = "./stoker [spark-submit option]... quickstart [option]...",
    description = {
      "",
      "MNIST comes with Stoker. A second call uses the same shards, trains in a new run folder, and"
          + " changes nothing that quickstart did not write."
    })
final class QuickstartCommand extends StokerCommand {
  private static final int IMAGES = 5;

  @Option(
      names = "--output",
      paramLabel = "FOLDER",
      defaultValue = "stoker-quickstart",
      description = "The folder to work in (default: ${DEFAULT-VALUE}).")
  private Path output;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      defaultValue = "3",
      description = "Passes over the training images (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--timing",
      description =
          "Also show where the time went: wall time and processor time of each phase, from the"
              + " start of the process.")
  private boolean timing;

  QuickstartCommand(Console console) {
    super(console);
  }

  @Override
  protected boolean timing() {
    return timing;
  }

  @Override
  protected Report execute() throws IOException {
    Check.input(epochs >= 1, "Invalid epochs: %d (must be >= 1)", epochs);
    Path home = home();
    try (JavaSparkContext spark = SparkSetup.start("quickstart")) {
      Quickstart quickstart = new Quickstart(output, spark, console());
      quickstart.takeFolder();
      clock().end("start");
      ShardFolder data = quickstart.prepare(home);
      clock().end("prepare");
      TrainResult trained;
      try (TrainingProgress progress = new TrainingProgress(console())) {
        trained = quickstart.train(epochs, progress);
      }
      clock().end("train");
      EvaluationReport evaluated = quickstart.evaluate(trained);
      clock().end("evaluate");
      String picture = output.resolve("predictions.png").toString();
      PredictionReport predicted =
          new PredictionReport(
              console(),
              Optional.of(new OutputPicture(picture, SparkSetup.outputFile("--output", picture))));
      quickstart.predict(trained, data, IMAGES, predicted);
      predicted.writePicture();
      clock().end("predict");
      quickstart.report(trained, page());
      clock().end("report");
      return report(home, trained, evaluated, predicted, picture);
    }
  }

  private Path page() {
    return output.resolve("report.html");
  }

  /** The seconds of each step, by its name. */
  private Map<String, Double> seconds() {
    Map<String, Double> seconds = new LinkedHashMap<>();
    // Before the first step, Java started.
    clock().phases().stream().skip(1).forEach(step -> seconds.put(step.phase(), step.seconds()));
    return seconds;
  }

  private static Path home() {
    return Optional.ofNullable(System.getProperty("stoker.home"))
        .map(Path::of)
        .orElseThrow(
            () ->
                new ResourceException(
                    "quickstart must be run by ./stoker, which knows where MNIST's files are"));
  }

  private Report report(
      Path home,
      TrainResult trained,
      EvaluationReport evaluated,
      PredictionReport predicted,
      String picture) {
    Map<String, Double> seconds = seconds();
    double total = seconds.values().stream().mapToDouble(Double::doubleValue).sum();
    List<Prediction> predictions = predicted.predictions();
    List<String> next = next(home, trained, predictions);
    StringBuilder text = new StringBuilder("\n");
    text.append(predicted.text())
        .append(
            new Table()
                .row(
                    "accuracy",
                    Line.of(
                        "%.2f %% of %,d test images",
                        100 * evaluated.accuracy(), evaluated.examples()))
                .row(
                    "speed",
                    Line.of(
                        "%,.0f images/s trained, with averaging and checkpoints",
                        trained.imagesPerSecond()))
                .row("time", Line.of("%.0f s: %s", total, laps(seconds)))
                .row("training", phases(trained.seconds()))
                .row("run folder", Locations.plain(trained.run()))
                .row("picture", picture)
                .row("report", page().toString()))
        .append("\nTry next:\n");
    next.forEach(command -> text.append("  ").append(command).append('\n'));
    return new Report(text.toString(), json(trained, evaluated, predictions, picture, next, total));
  }

  private ObjectNode json(
      TrainResult trained,
      EvaluationReport evaluated,
      List<Prediction> predictions,
      String picture,
      List<String> next,
      double total) {
    ObjectNode json = Report.object();
    json.put("accuracy", evaluated.accuracy())
        .put("images_per_second", trained.imagesPerSecond())
        .put("seconds", total)
        .put("rounds", trained.rounds())
        .put("epochs", trained.epochs())
        .put("parameters_sha256", trained.parametersSha256())
        .put("run", trained.run())
        .put("data", output.resolve("data").toString())
        .put("picture", picture)
        .put("report", page().toString());
    ObjectNode steps = json.putObject("seconds_by_step");
    seconds().forEach(steps::put);
    json.set("seconds_by_phase", Report.object(trained.seconds()));
    predictions.forEach(prediction -> json.withArray("predictions").add(Report.object(prediction)));
    next.forEach(json.putArray("next")::add);
    return json;
  }

  private static String laps(Map<String, Double> laps) {
    return laps.entrySet().stream()
        .map(lap -> Line.of("%s %.1f", lap.getKey(), lap.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String phases(PhaseSeconds phases) {
    return Line.of(
        "%.1f s: compute %.1f, data %.1f, gather %.1f, scatter %.1f, average %.1f, checkpoint %.1f",
        phases.total(),
        phases.compute(),
        phases.data(),
        phases.gather(),
        phases.scatter(),
        phases.average(),
        phases.checkpoint());
  }

  /** Commands to try next, to be run in the working folder of this one. */
  private List<String> next(Path home, TrainResult trained, List<Prediction> predictions) {
    Path here = Path.of("").toAbsolutePath();
    String stoker =
        home.toAbsolutePath().equals(here)
            ? "./stoker"
            : ShellQuoting.quote(home.resolve("stoker").toString());
    String data = ShellQuoting.quote(output.resolve("data").toString());
    String run = Locations.plain(trained.run());
    return List.of(
        "%s evaluate --checkpoint %s --data %s".formatted(stoker, ShellQuoting.quote(run), data),
        "%s predict --checkpoint %s %s"
            .formatted(
                stoker, ShellQuoting.quote(run), ShellQuoting.quote(predictions.get(0).image())),
        "%s train --data %s --run %s --model lenet5-modern --epochs 5 --learning-rate 0.02"
            .formatted(stoker, data, ShellQuoting.quote(output.resolve("run-modern").toString())));
  }
}
