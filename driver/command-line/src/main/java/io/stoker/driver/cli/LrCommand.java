// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.drawing.TextChart;
import io.stoker.driver.report.ChartPage;
import io.stoker.driver.round.RateRange;
import io.stoker.driver.search.LearningRateFinder;
import io.stoker.driver.search.RateCurve;
import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "lr",
    header = "Suggests a learning rate: trains some rounds at rates that grow.",
    customSynopsis =
        "./stoker [spark-submit option]... lr --data URI --model NAME|FILE.yaml [option]...",
    description = {
      "",
      "The range test of Smith (2017), with the job's own workers, batch, local steps and"
          + " augmentation. It takes the options of train. Nothing of it is kept: there is no run.",
      "The suggestion is " + RateCurve.RULE + ". train --learning-rate auto runs the test first."
    })
final class LrCommand extends TrainCommand {
  /** Options of train that have no influence on the test. */
  private static final Set<String> WITHOUT_INFLUENCE =
      Set.of(
          "input",
          "format",
          "run",
          "learning-rate",
          "epochs",
          "schedule",
          "rate-factor",
          "rate-epochs",
          "warm-up",
          "ema",
          "swa",
          "checkpoint-every",
          "keep",
          "validate-every",
          "validation-split",
          "patience",
          "metric",
          "tta",
          "calibrate",
          "gang",
          "dashboard",
          "tensorboard",
          "mlflow",
          "timing",
          "resume",
          "quorum",
          "work-by-speed",
          "replay");

  @Option(
      names = "--from",
      order = 90,
      paramLabel = "X",
      description = "The rate of the first round (default: 0.0001, of adamw 0.000001).")
  private Double from;

  @Option(
      names = "--to",
      order = 91,
      paramLabel = "X",
      description = "The rate of the last round (default: 10, of adamw 0.1).")
  private Double to;

  @Option(
      names = "--rounds",
      order = 92,
      paramLabel = "N",
      defaultValue = "" + LearningRateFinder.ROUNDS,
      description = "How many rounds (default: ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--output",
      order = 93,
      paramLabel = "FILE.html",
      description = "Draw the curve on a page as well; a URI. An earlier one is replaced.")
  private String output;

  LrCommand(Console console) {
    super(console);
  }

  /** Nothing of it is kept. */
  @Override
  protected String whenStopped() {
    return "";
  }

  @Override
  String placeholderRun() {
    return "range-test";
  }

  @Override
  Set<String> hidden() {
    return WITHOUT_INFLUENCE;
  }

  @Override
  protected Report execute() {
    TrainingConfig config = config();
    requireNoInput();
    RateRange usual = LearningRateFinder.range(config);
    RateRange range =
        new RateRange(
            Optional.ofNullable(from).orElse(usual.from()),
            Optional.ofNullable(to).orElse(usual.to()),
            rounds);
    Optional<OutputFile> page =
        Optional.ofNullable(output).map(uri -> SparkSetup.outputFile("--output", uri));
    try (JavaSparkContext spark = SparkSetup.start("lr " + config.model(), sparkOptions())) {
      requireClasses(config.data().uri(), spark.hadoopConfiguration());
      long start = System.nanoTime();
      RateCurve curve = LearningRateFinder.find(spark, config, range);
      double seconds = (System.nanoTime() - start) / 1e9;
      page.ifPresent(file -> file.write(ChartPage.of(RatePage.of(config, curve))));
      return report(curve, seconds);
    }
  }

  private Report report(RateCurve curve, double seconds) {
    List<RateCurve.Point> points = curve.points();
    RateCurve.Point last = points.get(points.size() - 1);
    Table table =
        new Table()
            .row("suggestion", Line.of("--learning-rate %s", curve.suggestion()))
            .row("rule", RateCurve.RULE + Line.of(", %s", curve.lowest().rate()))
            .row("test", Line.of("%d of %d rounds, %.1f s", points.size(), rounds, seconds));
    Optional.ofNullable(output).ifPresent(file -> table.row("page", file));
    String chart =
        TextChart.of(
            points.stream().map(RateCurve.Point::smoothed).toList(),
            curve.position(curve.suggestion()),
            Line.of("%.2g", points.get(0).rate()),
            Line.of("%.2g", last.rate()));
    ObjectNode json = Report.object();
    json.put("learning_rate", curve.suggestion()).put("lowest", curve.lowest().rate());
    json.put("rounds", points.size()).put("seconds", seconds);
    points.forEach(point -> json.withArray("points").add(Report.object(point)));
    return new Report(Line.of("smoothed loss%n%s%n%s", chart, table), json);
  }

  private void requireNoInput() {
    Check.input(
        !makesShards(),
        "lr reads prepared data: say --data, and leave out --input (prepare first)");
  }
}
