// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.storage.OwnFolder;
import io.stoker.driver.bench.AccuracyBench;
import io.stoker.driver.bench.AccuracyBench.Outcome;
import io.stoker.driver.bench.AveragingLibrary;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "accuracy",
    header =
        "Measures how long training takes to reach an accuracy, compared with stock"
            + " Deeplearning4j.",
    customSynopsis =
        "./stoker [spark-submit option]... bench accuracy --data URI --model NAME [option]...",
    description = {
      "",
      "Both train the same model from the same initial parameters on the same shards, and are",
      "evaluated after the same numbers of images; the time of evaluations does not count."
          + " Stoker's",
      "time includes reading shards and writing checkpoints; the baseline's images are in memory."
    })
final class BenchAccuracyCommand extends StokerCommand {
  /** What to compare with. */
  enum Baseline {
    DL4J;

    AveragingLibrary library() {
      return AveragingLibrary.named(name().toLowerCase(Locale.ROOT));
    }
  }

  @Mixin private DataOption data;

  @Option(
      names = "--model",
      paramLabel = "NAME|FILE.yaml",
      defaultValue = "lenet5",
      description = "A model's name, or a YAML file (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(
      names = "--target",
      paramLabel = "X",
      defaultValue = "0.97",
      description = "The accuracy to reach (default: ${DEFAULT-VALUE}).")
  private double target;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "test",
      description = "The split on which accuracy is measured (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description = "The number of logical workers (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "32",
      description = "Examples per worker and step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--local-steps",
      paramLabel = "T",
      defaultValue = "10",
      description = "Steps between two averagings (default: ${DEFAULT-VALUE}).")
  private int localSteps;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      defaultValue = "0.05",
      description = "The learning rate, which is constant (default: ${DEFAULT-VALUE}).")
  private double learningRate;

  @Option(
      names = "--momentum",
      paramLabel = "X",
      defaultValue = "0.9",
      description = "The momentum of both (default: ${DEFAULT-VALUE}).")
  private double momentum;

  @Option(
      names = "--epochs",
      paramLabel = "E",
      defaultValue = "10",
      description = "Give up after E epochs (default: ${DEFAULT-VALUE}).")
  private int epochs;

  @Option(
      names = "--every",
      paramLabel = "N",
      defaultValue = "6400",
      description = "Images between two evaluations (default: ${DEFAULT-VALUE}).")
  private int every;

  @Option(
      names = "--run",
      paramLabel = "URI",
      description =
          "The folder that Stoker writes to; needed on a cluster (default: a temporary folder).")
  private String run;

  @Option(
      names = "--baseline",
      paramLabel = "dl4j",
      description = "Also measure Deeplearning4j's ParameterAveragingTrainingMaster.")
  private Set<Baseline> baselines = new LinkedHashSet<>();

  @Option(
      names = "--baseline-learning-rate",
      paramLabel = "X",
      description = "The baseline's learning rate (default: the same).")
  private Double baselineRate;

  BenchAccuracyCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    List<AveragingLibrary> libraries = baselines.stream().map(Baseline::library).toList();
    Path scratch = Files.createTempDirectory("stoker-bench");
    String folder = run == null ? scratch.resolve("run").toUri().toString() : run;
    TrainingConfig recipe =
        TrainingConfig.builder()
            .data(data.uri)
            .run(folder)
            .model(model)
            .workers(workers)
            .batch(batch)
            .localSteps(localSteps)
            .epochs(epochs)
            .learningRate(learningRate)
            .schedule(new LearningRateSchedule.Constant(0))
            .momentum(momentum)
            .weightDecay(0)
            .validationSplit(split)
            .keep(1)
            .build();
    try (JavaSparkContext spark = SparkSetup.start("bench accuracy")) {
      AccuracyBench bench =
          new AccuracyBench(
              spark, target, every, (name, outcome) -> console().say(name + ": " + text(outcome)));
      Table table = new Table();
      Outcome ours = bench.stoker(recipe);
      ObjectNode json = Report.object(ours).put("target", target).put("master", spark.master());
      table.row("stoker", text(ours));
      for (AveragingLibrary library : libraries) {
        double rate = baselineRate == null ? learningRate : baselineRate;
        Outcome other = bench.library(library, recipe.toBuilder().learningRate(rate).build());
        double ratio = other.seconds() / ours.seconds();
        table.row(library.name(), Line.of("%s; takes %.1f times as long", text(other), ratio));
        json.withObject("/baselines")
            .set(library.name(), Report.object(other).put("times_as_long", ratio));
      }
      return new Report(table.toString(), json);
    } finally {
      org.apache.hadoop.fs.Path made = new org.apache.hadoop.fs.Path(scratch.toUri());
      OwnFolder.at(made.getParent(), SparkSetup.hadoop()).deleteTree(made);
    }
  }

  private static String text(Outcome outcome) {
    return Line.of(
        "%.2f s, %,d images, accuracy %.2f %%%s",
        outcome.seconds(),
        outcome.images(),
        100 * outcome.accuracy(),
        outcome.reached() ? "" : " (not the target)");
  }
}
