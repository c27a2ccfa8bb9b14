// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.DamagedException;
import io.stoker.testing.Exact;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

@Exact
class EvaluationCountsTest {
  private static final int CLASSES = 9;
  private static final int EXAMPLES = 300;

  private final float[] probabilities = new float[EXAMPLES * CLASSES];
  private final int[] labels = new int[EXAMPLES];

  EvaluationCountsTest() {
    Random random = new Random(7);
    for (int example = 0; example < EXAMPLES; example++) {
      labels[example] = random.nextInt(CLASSES);
      float sum = 0;
      for (int c = 0; c < CLASSES; c++) {
        probabilities[example * CLASSES + c] = random.nextFloat();
        sum += probabilities[example * CLASSES + c];
      }
      for (int c = 0; c < CLASSES; c++) {
        probabilities[example * CLASSES + c] /= sum;
      }
    }
  }

  @Test
  void countsAsANaiveLoopDoes() {
    EvaluationCounts counts = counted(0, EXAMPLES);

    long correct = 0;
    long topFive = 0;
    double loss = 0;
    long[][] confusion = new long[CLASSES][CLASSES];
    for (int example = 0; example < EXAMPLES; example++) {
      int from = example * CLASSES;
      Integer[] ranked =
          IntStream.range(0, CLASSES)
              .boxed()
              .sorted((a, b) -> Float.compare(probabilities[from + b], probabilities[from + a]))
              .toArray(Integer[]::new);
      correct += ranked[0] == labels[example] ? 1 : 0;
      topFive += Arrays.asList(ranked).subList(0, 5).contains(labels[example]) ? 1 : 0;
      loss -= Math.log(probabilities[from + labels[example]]);
      confusion[labels[example]][ranked[0]]++;
    }
    assertThat(counts.examples()).isEqualTo(EXAMPLES);
    assertThat(counts.correct()).isEqualTo(correct);
    assertThat(counts.topFive()).isEqualTo(topFive);
    assertThat(counts.logLoss()).isCloseTo(loss / EXAMPLES, within(1e-6));
    for (int actual = 0; actual < CLASSES; actual++) {
      for (int predicted = 0; predicted < CLASSES; predicted++) {
        assertThat(counts.confused(actual, predicted)).isEqualTo(confusion[actual][predicted]);
      }
    }
  }

  @Test
  void knowsTheWorstMistakesHoweverPartsAreMerged() {
    record Wrong(long index, double loss) {}
    List<Wrong> expected = new ArrayList<>();
    for (int example = 0; example < EXAMPLES; example++) {
      int best = 0;
      for (int c = 1; c < CLASSES; c++) {
        best = probability(example, c) > probability(example, best) ? c : best;
      }
      if (best != labels[example]) {
        expected.add(new Wrong(example, -Math.log(probability(example, labels[example]))));
      }
    }
    expected.sort(Comparator.comparingDouble(Wrong::loss).reversed());
    int middle = EXAMPLES / 3;

    EvaluationCounts merged =
        counted(middle, EXAMPLES).placed(middle).merge(counted(0, middle).placed(0));

    assertThat(merged.mistakes())
        .extracting(WorstMistakes.Mistake::index)
        .containsExactlyElementsOf(
            expected.stream().limit(WorstMistakes.LIMIT).map(Wrong::index).toList());
    assertThat(merged.mistakes())
        .allSatisfy(
            mistake -> {
              assertThat(mistake.label()).isEqualTo(labels[(int) mistake.index()]);
              assertThat(mistake.predicted()).isNotEqualTo(mistake.label());
            });
  }

  @Test
  void measuresCalibrationAsANaiveLoopDoes() {
    double error = 0;
    for (int bin = 0; bin < 15; bin++) {
      double confidence = 0;
      int correct = 0;
      for (int example = 0; example < EXAMPLES; example++) {
        int best = 0;
        for (int c = 1; c < CLASSES; c++) {
          best = probability(example, c) > probability(example, best) ? c : best;
        }
        double own = probability(example, best);
        if (own > bin / 15.0 && own <= (bin + 1) / 15.0) {
          confidence += own;
          correct += best == labels[example] ? 1 : 0;
        }
      }
      error += Math.abs(correct - confidence) / EXAMPLES;
    }

    EvaluationCounts counts = counted(0, EXAMPLES);

    assertThat(counts.calibrationError()).isCloseTo(error, within(1e-6));
    assertThat(
            counts.calibration().stream()
                .mapToLong(EvaluationCounts.CalibrationBin::examples)
                .sum())
        .isEqualTo(EXAMPLES);
    assertThat(counted(100, EXAMPLES).merge(counted(0, 100)).calibrationError())
        .isEqualTo(counts.calibrationError());
  }

  private float probability(int example, int c) {
    return probabilities[example * CLASSES + c];
  }

  @Test
  void mergesPartsToTheWholeInAnyOrder() {
    EvaluationCounts whole = counted(0, EXAMPLES);
    EvaluationCounts forth = counted(0, 7).merge(counted(7, 200)).merge(counted(200, EXAMPLES));
    EvaluationCounts back = counted(200, EXAMPLES).merge(counted(7, 200).merge(counted(0, 7)));

    assertThat(forth.logLoss()).isEqualTo(whole.logLoss());
    assertThat(back.logLoss()).isEqualTo(whole.logLoss());
    assertThat(forth.correct()).isEqualTo(back.correct()).isEqualTo(whole.correct());
    assertThat(forth.topFive()).isEqualTo(back.topFive()).isEqualTo(whole.topFive());
  }

  @Test
  void ranksTheLowerClassHigherAmongEqualProbabilities() {
    EvaluationCounts counts = new EvaluationCounts(6);
    float[] equal = {1 / 6f, 1 / 6f, 1 / 6f, 1 / 6f, 1 / 6f, 1 / 6f};
    for (int label = 0; label < 6; label++) {
      counts.add(equal, new int[] {label}, 1);
    }

    assertThat(counts.correct()).isEqualTo(1);
    assertThat(counts.topFive()).isEqualTo(5);
  }

  @Test
  void keepsTheLossOfAnImpossibleClassFinite() {
    EvaluationCounts counts = new EvaluationCounts(2);
    counts.add(new float[] {0, 1}, new int[] {0}, 1);

    assertThat(counts.logLoss()).isCloseTo(87.3, within(0.1));
  }

  @Test
  void refusesProbabilitiesThatAreNoNumbers() {
    EvaluationCounts counts = new EvaluationCounts(2);

    assertThatThrownBy(() -> counts.add(new float[] {0, Float.NaN}, new int[] {0}, 1))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("diverged");
  }

  private EvaluationCounts counted(int from, int to) {
    EvaluationCounts counts = new EvaluationCounts(CLASSES);
    counts.add(
        Arrays.copyOfRange(probabilities, from * CLASSES, to * CLASSES),
        Arrays.copyOfRange(labels, from, to),
        to - from);
    return counts;
  }
}
