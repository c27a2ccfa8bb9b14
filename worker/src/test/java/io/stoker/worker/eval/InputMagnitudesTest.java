// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.spec.Quantization;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

class InputMagnitudesTest {
  private static float[] normal(int count, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static InputMagnitudes of(float... values) {
    InputMagnitudes magnitudes = new InputMagnitudes();
    magnitudes.add("1", FloatBuffer.wrap(values));
    return magnitudes;
  }

  private static Quantization.Range range(InputMagnitudes magnitudes, double share) {
    return magnitudes.quantization(share).ranges().get("1");
  }

  @Test
  void theRangeOfAllValuesIsTheLargestMagnitude() {
    assertThat(range(of(1, -2.718f, 0.5f), 1)).isEqualTo(new Quantization.Range(2.718f, true));
    assertThat(range(of(0, 3e7f), 1)).isEqualTo(new Quantization.Range(3e7f, false));
    assertThat(range(of(0, 0), 1)).isEqualTo(new Quantization.Range(1, false));
    assertThat(range(of(0, -1e-39f), 1)).isEqualTo(new Quantization.Range(1, true));
  }

  @Test
  void aShareLeavesOutTheLargestOnes() {
    float[] values = normal(200_000, 1);
    float[] sorted = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      sorted[i] = Math.abs(values[i]);
    }
    Arrays.sort(sorted);

    for (double share : new double[] {0.5, 0.99, 0.9999}) {
      float expected = sorted[(int) (share * sorted.length) - 1];
      assertThat(range(of(values), share).largest())
          .isCloseTo(expected, Percentage.withPercentage(1))
          .isGreaterThanOrEqualTo(expected);
    }
    assertThat(range(of(1e-9f, 2e-9f), 0.5).largest()).isCloseTo(2e-9f, within(1e-12f));
  }

  @Test
  void partsMergeToTheWhole() {
    float[] first = normal(5_000, 1);
    float[] second = normal(3_000, 2);
    float[] all = Arrays.copyOf(first, 8_000);
    System.arraycopy(second, 0, all, first.length, second.length);
    InputMagnitudes merged = of(second).merge(of(first));
    InputMagnitudes other = new InputMagnitudes();
    other.add("2.1", FloatBuffer.wrap(first));

    for (double share : new double[] {0.9, 0.999, 1}) {
      assertThat(merged.quantization(share)).isEqualTo(of(all).quantization(share));
    }
    assertThat(merged.merge(other).quantization(1).ranges()).containsOnlyKeys("1", "2.1");
  }
}
