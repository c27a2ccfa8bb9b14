// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.Shape;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.TestViews;
import io.stoker.worker.eval.WorstMistakes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalDouble;

/** What an evaluation of a checkpoint on a split found. */
public final class EvaluationReport {
  /** With five classes or fewer, the own class is always among the five most probable. */
  private static final int TOP = 5;

  /** The matrix of more classes than these is written as its pairs that occur. */
  private static final int MATRIX_CLASSES = 1_000;

  private static final JsonMapper JSON = new JsonMapper();

  /**
   * What was evaluated on what.
   *
   * @param checkpoints the model file, or those whose mean was evaluated, oldest first
   * @param model the model's name
   * @param clock how far the newest of them had trained
   * @param parameters which of its parameters: {@code EMA} or {@code LAST}
   * @param parametersSha256 their SHA-256; empty for a mean
   * @param data the folder of shards
   * @param split the split
   * @param temperature what its probabilities were changed by; 1 if it was not calibrated
   * @param layersInInt8 how many layers were computed in int8
   * @param input the shape of the images that the network was shown
   * @param views which views of each it was shown
   */
  record Subject(
      List<String> checkpoints,
      String model,
      TrainingClock clock,
      ParameterChoice parameters,
      String parametersSha256,
      String data,
      String split,
      double temperature,
      int layersInInt8,
      Shape input,
      TestViews views) {}

  private final Subject subject;
  private final List<String> classNames;
  private final EvaluationCounts counts;
  private final double seconds;

  EvaluationReport(
      Subject subject, List<String> classNames, EvaluationCounts counts, double seconds) {
    this.subject = subject;
    this.classNames = List.copyOf(classNames);
    this.counts = counts;
    this.seconds = seconds;
  }

  /** The model file; of a mean the newest one. */
  public String checkpoint() {
    return subject.checkpoints().get(subject.checkpoints().size() - 1);
  }

  /** The model files whose mean was evaluated, oldest first; one unless a mean was asked for. */
  public List<String> checkpoints() {
    return subject.checkpoints();
  }

  /** How far the checkpoint had trained. */
  public TrainingClock clock() {
    return subject.clock();
  }

  /** The model's name. */
  public String model() {
    return subject.model();
  }

  /** Whether the moving average of its parameters was evaluated, and not the last ones. */
  public boolean isOfEma() {
    return subject.parameters() == ParameterChoice.EMA;
  }

  /** The SHA-256 of its parameters; empty for a mean of checkpoints, which no file holds. */
  public String parametersSha256() {
    return subject.parametersSha256();
  }

  /** The folder of shards. */
  public String data() {
    return subject.data();
  }

  /** The split. */
  public String split() {
    return subject.split();
  }

  /** What its probabilities were changed by; 1 if it was not calibrated. */
  public double temperature() {
    return subject.temperature();
  }

  /** How many layers were computed in int8. */
  public int layersInInt8() {
    return subject.layersInInt8();
  }

  /** The shape of the images that the network was shown. */
  public Shape input() {
    return subject.input();
  }

  /** Which views of each image the network was shown. */
  public TestViews views() {
    return subject.views();
  }

  /** How many examples were evaluated. */
  public long examples() {
    return counts.examples();
  }

  /** The share whose own class is the most probable one. */
  public double accuracy() {
    return (double) counts.correct() / counts.examples();
  }

  /** The share whose own class is among the five most probable; none for five classes or fewer. */
  public OptionalDouble top5() {
    return counts.classes() > TOP
        ? OptionalDouble.of((double) counts.topFive() / counts.examples())
        : OptionalDouble.empty();
  }

  /** The mean of minus the logarithm of the own class's probability, in nats. */
  public double logLoss() {
    return counts.logLoss();
  }

  /** The expected calibration error, see {@link EvaluationCounts#calibrationError}. */
  public double calibrationError() {
    return counts.calibrationError();
  }

  /**
   * The mean recall over the classes that have examples, so that a class of ten examples weighs as
   * much as one of a thousand.
   */
  public double balancedAccuracy() {
    return MacroScore.balancedAccuracy(classes());
  }

  /** The mean over the classes of precision, recall and F1. */
  public MacroScore macro() {
    return MacroScore.of(classes());
  }

  /** Each class, in label order. */
  public List<ClassScore> classes() {
    long[] actual = new long[counts.classes()];
    long[] predicted = new long[counts.classes()];
    for (EvaluationCounts.Confused each : counts.confused()) {
      actual[each.actual()] += each.times();
      predicted[each.predicted()] += each.times();
    }
    List<ClassScore> scores = new ArrayList<>();
    for (int c = 0; c < counts.classes(); c++) {
      scores.add(ClassScore.of(classNames.get(c), counts.confused(c, c), actual[c], predicted[c]));
    }
    return List.copyOf(scores);
  }

  /** How often each class (row) was taken for each (column). */
  public List<List<Long>> confusion() {
    List<List<Long>> rows = new ArrayList<>();
    for (int actual = 0; actual < counts.classes(); actual++) {
      List<Long> row = new ArrayList<>();
      for (int predicted = 0; predicted < counts.classes(); predicted++) {
        row.add(counts.confused(actual, predicted));
      }
      rows.add(List.copyOf(row));
    }
    return List.copyOf(rows);
  }

  /**
   * The pairs of classes that were confused most often, the most frequent first.
   *
   * @param most how many at most
   */
  public List<Confusion> mostConfused(int most) {
    List<ClassScore> classes = classes();
    return counts.confused().stream()
        .filter(each -> each.actual() != each.predicted())
        .map(
            each ->
                new Confusion(
                    classes.get(each.actual()), classes.get(each.predicted()), each.times()))
        .sorted(Comparator.comparingLong(Confusion::times).reversed())
        .limit(most)
        .toList();
  }

  /** The worst mistakes, the worst first. */
  public List<WorstMistakes.Mistake> mistakes() {
    return counts.mistakes();
  }

  /** How long it took by the wall clock, from reading the checkpoint to the last count. */
  public double seconds() {
    return seconds;
  }

  /** Examples by the wall clock. */
  public double imagesPerSecond() {
    return counts.examples() / seconds;
  }

  /** What was evaluated and the numbers of the whole split, without those of classes, as JSON. */
  public ObjectNode summaryJson() {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("checkpoint", checkpoint());
    json.put("model", model());
    if (subject.checkpoints().size() == 1) {
      json.put("parameters_sha256", parametersSha256());
    } else {
      checkpoints().forEach(json.putArray("averaged")::add);
    }
    if (isOfEma()) {
      json.put("parameters", "ema");
    }
    json.put("round", clock().round());
    json.put("epoch", clock().epoch());
    json.put("data", data());
    json.put("split", split());
    json.put("size", input().height());
    json.put("tta", views().toString());
    if (temperature() != 1) {
      json.put("temperature", temperature());
    }
    if (layersInInt8() > 0) {
      json.put("layers_in_int8", layersInInt8());
    }
    json.put("examples", examples());
    json.put("accuracy", accuracy());
    top5().ifPresent(share -> json.put("top5", share));
    json.put("balanced_accuracy", balancedAccuracy());
    json.put("log_loss", logLoss());
    json.put("calibration_error", calibrationError());
    json.set("macro", JSON.valueToTree(macro()));
    json.put("seconds", seconds);
    json.put("images_per_second", imagesPerSecond());
    return json;
  }

  /** All of it as one JSON object. */
  public ObjectNode toJson() {
    ObjectNode json = summaryJson();
    json.set("calibration", JSON.valueToTree(counts.calibration()));
    json.set("classes", JSON.valueToTree(classes()));
    if (counts.classes() <= MATRIX_CLASSES) {
      ArrayNode confusion = json.putArray("confusion");
      confusion().forEach(row -> row.forEach(confusion.addArray()::add));
    } else {
      json.set("confused", JSON.valueToTree(counts.confused()));
    }
    return json;
  }

  /** The numbers that a run records of a validation. */
  public ValidationMetrics toValidation() {
    return new ValidationMetrics(
        clock().round(),
        clock().epoch(),
        clock().examples(),
        split(),
        examples(),
        accuracy(),
        logLoss(),
        calibrationError(),
        seconds,
        balancedAccuracy(),
        macro().f1());
  }

  /** All of it as text for a terminal, without a newline at its end. */
  public String toText() {
    return ReportText.of(this);
  }
}
