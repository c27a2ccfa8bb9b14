package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.file.TrainingClock;
import io.stoker.worker.eval.EvaluationCounts;
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

    assertThat(report.accuracy()).isCloseTo(stock.accuracy(), within(1e-12));
    assertThat(report.top5().orElseThrow()).isCloseTo(stock.topNAccuracy(), within(1e-12));
    assertThat(report.macro().precision()).isCloseTo(stock.precision(), within(1e-12));
    assertThat(report.macro().recall()).isCloseTo(stock.recall(), within(1e-12));
    assertThat(report.macro().f1()).isCloseTo(stock.f1(), within(1e-12));
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

  private EvaluationReport report() {
    EvaluationCounts counts = new EvaluationCounts(CLASSES);
    counts.add(probabilities, labels, EXAMPLES);
    return new EvaluationReport(
        new EvaluationReport.Subject(
            List.of("model.zip"), "m", TrainingClock.START, "", "data", "test"),
        IntStream.range(0, CLASSES).mapToObj(Integer::toString).toList(),
        counts,
        1);
  }
}
