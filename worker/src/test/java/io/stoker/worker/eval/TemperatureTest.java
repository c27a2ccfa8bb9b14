// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TemperatureTest {
  private static final int CLASSES = 7;

  private static double[] softmax(double[] logits, double temperature) {
    double sum = 0;
    double[] result = new double[logits.length];
    for (int c = 0; c < logits.length; c++) {
      result[c] = Math.exp(logits[c] / temperature);
      sum += result[c];
    }
    for (int c = 0; c < logits.length; c++) {
      result[c] /= sum;
    }
    return result;
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.3, 1, 1.7, 12})
  void givesTheSoftmaxOfDividedLogits(double temperature) {
    SplittableRandom random = new SplittableRandom(5);
    float[] probabilities = new float[3 * CLASSES];
    double[] expected = new double[3 * CLASSES];
    for (int i = 0; i < 3; i++) {
      double[] logits = random.doubles(CLASSES, -6, 6).toArray();
      double[] plain = softmax(logits, 1);
      System.arraycopy(softmax(logits, temperature), 0, expected, i * CLASSES, CLASSES);
      for (int c = 0; c < CLASSES; c++) {
        probabilities[i * CLASSES + c] = (float) plain[c];
      }
    }

    new Temperature(temperature).apply(probabilities, 3, CLASSES);

    for (int i = 0; i < expected.length; i++) {
      assertThat((double) probabilities[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  /** Many of these probabilities would be rounded to the same number. */
  @ParameterizedTest
  @ValueSource(doubles = {0.05, 0.9, 3, 20})
  void keepsTheOrderOfClassesAndWhichAreEqual(double temperature) {
    float[] near = new float[200];
    near[0] = 0.3f;
    for (int c = 1; c < 200; c++) {
      near[c] = c % 5 == 0 ? near[c - 1] : Math.nextDown(near[c - 1]);
    }
    near[198] = 0;
    near[199] = 0;
    float[] changed = near.clone();

    new Temperature(temperature).apply(changed, 1, 200);

    for (int a = 0; a < 200; a++) {
      for (int b = 0; b < 200; b++) {
        assertThat(Float.compare(changed[a], changed[b]))
            .isEqualTo(Float.compare(near[a], near[b]));
      }
    }
  }

  @Test
  void oneLeavesTheBits() {
    float[] probabilities = {0.1f, 0.7000001f, 0.19999f};
    float[] before = probabilities.clone();
    Temperature.ONE.apply(probabilities, 1, 3);
    assertThat(probabilities).isEqualTo(before);
  }

  @Test
  void refusesWhatIsNoTemperature() {
    for (double value : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> new Temperature(value)).isInstanceOf(InputException.class);
    }
  }

  /** Derivatives of the log loss, against differences of a naive loss. */
  @Test
  void derivativesAreThoseOfTheLoss() {
    SplittableRandom random = new SplittableRandom(8);
    LabelledProbabilities examples = new LabelledProbabilities(CLASSES, 2);
    double[][] logits = new double[50][];
    int[] labels = new int[50];
    for (int i = 0; i < 50; i++) {
      logits[i] = random.doubles(CLASSES, -3, 3).toArray();
      labels[i] = random.nextInt(CLASSES);
      double[] plain = softmax(logits[i], 1);
      float[] row = new float[CLASSES];
      for (int c = 0; c < CLASSES; c++) {
        row[c] = (float) plain[c];
      }
      examples.add(row, new int[] {labels[i]}, 1);
    }

    double step = 1e-4;
    double[] losses = new double[3];
    for (int at = 0; at < 3; at++) {
      for (int i = 0; i < 50; i++) {
        losses[at] -= Math.log(softmax(logits[i], 1 / (0.8 + (at - 1) * step))[labels[i]]);
      }
    }
    LabelledProbabilities.Sums sums = examples.lossAt(0.8);
    assertThat(sums.examples()).isEqualTo(50);
    assertThat(sums.loss()).isCloseTo(losses[1], within(1e-4));
    assertThat(sums.slope()).isCloseTo((losses[2] - losses[0]) / 2 / step, within(1e-3));
    assertThat(sums.curvature())
        .isCloseTo((losses[2] - 2 * losses[1] + losses[0]) / step / step, within(1e-2));
  }
}
