// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.Shape;
import io.stoker.worker.eval.EvaluationCounts;
import io.stoker.worker.eval.TestViews;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.nd4j.evaluation.classification.Evaluation;
import org.nd4j.linalg.factory.Nd4j;

class EvaluationReportTest {
  private static final int CLASSES = 7;
  private static final int EXAMPLES = 400;

  private final float[] probabilities = new float[EXAMPLES * CLASSES];
  private final int[] labels = new int[EXAMPLES];

  /** Class 5 has no examples and class 6 is never predicted: the ratios that are 0 to 0. */
  EvaluationReportTest() {
    Random random = new Random(11);
    for (int example = 0; example < EXAMPLES; example++) {
      labels[example] = random.nextInt(6) == 5 ? 6 : random.nextInt(5);
      float sum = 0;
      for (int c = 0; c < CLASSES; c++) {
        float own = c == labels[example] ? 0.5f : 0;
        probabilities[example * CLASSES + c] = c == 6 ? 0.01f : random.nextFloat() + own;
        sum += probabilities[example * CLASSES + c];
      }
      for (int c = 0; c < CLASSES; c++) {
        probabilities[example * CLASSES + c] /= sum;
      }
    }
  }

  @Test
  void givesTheNumbersOfStockDeeplearning4j() {
    Evaluation stock =
        new Evaluation(IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList(), 5);
    float[] oneHot = new float[EXAMPLES * CLASSES];
    for (int example = 0; example < EXAMPLES; example++) {
      oneHot[example * CLASSES + labels[example]] = 1;
    }
    stock.eval(
        Nd4j.createFromArray(oneHot).reshape(EXAMPLES, CLASSES),
        Nd4j.createFromArray(probabilities).reshape(EXAMPLES, CLASSES));

    EvaluationReport report = report();

    assertThat(report.toText()).contains("4 x 5 x 3, test-time views flip");
    assertThat(report.toJson().path("tta").textValue()).isEqualTo("flip");
    assertThat(report.toJson().path("size").intValue()).isEqualTo(4);
    assertThat(report.accuracy()).isCloseTo(stock.accuracy(), within(1e-12));
    assertThat(report.top5().orElseThrow()).isCloseTo(stock.topNAccuracy(), within(1e-12));
    for (int c = 0; c < CLASSES; c++) {
      ClassScore score = report.classes().get(c);
      assertThat(score.precision()).isCloseTo(stock.precision(c), within(1e-12));
      assertThat(score.recall()).isCloseTo(stock.recall(c), within(1e-12));
      assertThat(score.f1()).isCloseTo(stock.f1(c), within(1e-12));
      for (int predicted = 0; predicted < CLASSES; predicted++) {
        assertThat(report.confusion().get(c).get(predicted))
            .isEqualTo(stock.getConfusion().getCount(c, predicted));
      }
    }
  }

  /**
   * The six examples of scikit-learn's own documentation of {@code
   * precision_recall_fscore_support}; the numbers are those of scikit-learn 1.9.1 with {@code
   * zero_division=0}.
   */
  @Test
  void meansOverClassesAreThoseOfScikitLearn() {
    EvaluationReport report = report(new int[][] {{2, 0, 0}, {1, 0, 1}, {0, 2, 0}});

    assertThat(report.accuracy()).isCloseTo(0.3333333333333333, within(1e-15));
    assertThat(report.macro().precision()).isCloseTo(0.2222222222222222, within(1e-15));
    assertThat(report.macro().recall()).isCloseTo(0.3333333333333333, within(1e-15));
    assertThat(report.macro().f1()).isCloseTo(0.26666666666666666, within(1e-15));
    assertThat(report.balancedAccuracy()).isCloseTo(0.3333333333333333, within(1e-15));
    assertThat(report.classes())
        .extracting(ClassScore::f1)
        .usingComparatorForType(this::closely, Double.class)
        .containsExactly(0.8, 0.0, 0.0);
  }

  /**
   * Classes 3 and 4 are never predicted, class 5 is predicted and has no examples, class 6 does not
   * occur at all; the numbers are those of scikit-learn 1.9.1 with {@code zero_division=0}.
   */
  @Test
  void classesWithoutPredictionsOrExamplesCountAsInScikitLearn() {
    EvaluationReport report =
        report(
            new int[][] {
              {50, 3, 2, 0, 0, 0, 0},
              {10, 5, 0, 0, 0, 1, 0},
              {8, 0, 4, 0, 0, 0, 0},
              {6, 0, 0, 0, 0, 0, 0},
              {3, 1, 0, 0, 0, 0, 0},
              {0, 0, 0, 0, 0, 0, 0},
              {0, 0, 0, 0, 0, 0, 0}
            });

    assertThat(report.accuracy()).isCloseTo(0.6344086021505376, within(1e-15));
    assertThat(report.macro().precision()).isCloseTo(0.31192881192881194, within(1e-15));
    assertThat(report.macro().recall()).isCloseTo(0.2591540404040404, within(1e-15));
    assertThat(report.macro().f1()).isCloseTo(0.267003367003367, within(1e-15));
    assertThat(report.macro().classes()).isEqualTo(6);
    assertThat(report.balancedAccuracy()).isCloseTo(0.3109848484848485, within(1e-15));
    assertThat(report.classes())
        .extracting(ClassScore::precision)
        .usingComparatorForType(this::closely, Double.class)
        .containsExactly(
            0.6493506493506493, 0.5555555555555556, 0.6666666666666666, 0., 0., 0., 0.);
    assertThat(report.classes())
        .extracting(ClassScore::f1)
        .usingComparatorForType(this::closely, Double.class)
        .containsExactly(0.7575757575757576, 0.4, 0.4444444444444444, 0., 0., 0., 0.);

    assertThat(report.toText())
        .containsPattern("balanced accuracy +31.10 %")
        .containsPattern("\n3 +6 +- +0.00 % +0.00 %\n")
        .containsPattern("\n5 +0 +0.00 % +- +0.00 %\n")
        .containsPattern("\n6 +0 +- +- +-\n")
        .containsPattern("\nmean of 6 classes +93 +31.19 % +25.92 % +26.70 %\n")
        .contains("(- counts as 0 in the means)");
    assertThat(report(new int[][] {{2, 1}, {0, 3}}).toText()).doesNotContain("(- counts");
    assertThat(report.toJson().get("balanced_accuracy").asDouble())
        .isEqualTo(report.balancedAccuracy());
    assertThat(report.toJson().at("/macro/classes").asInt()).isEqualTo(6);
    assertThat(report.toJson().at("/classes/5/predicted").asInt()).isEqualTo(1);
  }

  private int closely(double a, double b) {
    return Math.abs(a - b) < 1e-12 ? 0 : Double.compare(a, b);
  }

  /** The report on a network that is certain of each of its answers. */
  private static EvaluationReport report(int[][] confusion) {
    int classes = confusion.length;
    EvaluationCounts counts = new EvaluationCounts(classes);
    for (int actual = 0; actual < classes; actual++) {
      for (int predicted = 0; predicted < classes; predicted++) {
        float[] certain = new float[classes];
        certain[predicted] = 1;
        for (int i = 0; i < confusion[actual][predicted]; i++) {
          counts.add(certain, new int[] {actual}, 1);
        }
      }
    }
    return report(counts);
  }

  @Test
  void saysMeansAndCalibrationInBothForms() {
    EvaluationReport report = report();

    assertThat(report.toText()).contains("calibration error", "\nmean ");
    assertThat(report.toJson().at("/macro/f1").asDouble()).isEqualTo(report.macro().f1());
    assertThat(report.toJson().get("calibration_error").asDouble())
        .isEqualTo(report.calibrationError());
    assertThat(
            report.toJson().get("calibration").findValues("examples").stream()
                .mapToLong(node -> node.asLong())
                .sum())
        .isEqualTo(EXAMPLES);
  }

  /** A matrix of all pairs of so many classes would have 20 GB. */
  @Test
  void ofManyClassesOnlyThePairsThatOccurAreKept() {
    int classes = 50_000;
    float[] certain = new float[classes];
    certain[7] = 1;
    EvaluationCounts counts = new EvaluationCounts(classes);
    counts.add(certain, new int[] {classes - 1}, 1);
    counts.add(certain, new int[] {7}, 1);
    counts.merge(new EvaluationCounts(classes).merge(counts));

    EvaluationReport report = report(counts);

    assertThat(report.accuracy()).isEqualTo(0.5);
    assertThat(report.classes().get(classes - 1).examples()).isEqualTo(2);
    assertThat(report.toJson().has("confusion")).isFalse();
    assertThat(report.toJson().get("confused"))
        .hasToString(
            "[{\"actual\":7,\"predicted\":7,\"times\":2},"
                + "{\"actual\":49999,\"predicted\":7,\"times\":2}]");
  }

  private EvaluationReport report() {
    EvaluationCounts counts = new EvaluationCounts(CLASSES);
    counts.add(probabilities, labels, EXAMPLES);
    return report(counts);
  }

  private static EvaluationReport report(EvaluationCounts counts) {
    return new EvaluationReport(
        new EvaluationReport.Subject(
            List.of("model.zip"),
            "m",
            TrainingClock.START,
            ParameterChoice.LAST,
            "",
            "data",
            "test",
            1,
            0,
            new Shape(4, 5, 3),
            TestViews.FLIP),
        IntStream.range(0, counts.classes()).mapToObj(Integer::toString).toList(),
        counts,
        1);
  }
}
