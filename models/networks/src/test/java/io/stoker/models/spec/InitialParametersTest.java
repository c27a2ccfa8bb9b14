// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.distribution.NormalDistribution;
import org.apache.commons.math3.stat.inference.KolmogorovSmirnovTest;
import org.junit.jupiter.api.Test;

class InitialParametersTest {
  @Test
  void anyRangeIsThatOfTheWhole() {
    ModelSpec model =
        new ModelSpec(
            "mixed",
            new Shape(9, 9, 3),
            List.of(
                new Convolution(7, Window.of(3).by(1).padded(1), 1, Initializer.Rule.HE, 0.5f),
                new Convolution(5, Window.of(3).by(2).padded(0), 1, Initializer.Rule.LECUN, 0),
                new Dense(11, Initializer.Rule.GLOROT, 0.1f),
                new Dense(3, new Initializer.Gaussian(0.01f), 0)));
    float[] whole = values(model, 42);
    for (int from = 0; from < whole.length; from += 13) {
      int to = Math.min(whole.length, from + 1 + from % 101);
      float[] range = new float[to - from];
      new InitialParameters(model, 42).fill(from, FloatBuffer.wrap(range));
      assertThat(range).isEqualTo(Arrays.copyOfRange(whole, from, to));
    }
    assertThat(Arrays.copyOf(whole, 7)).containsOnly(0.5f);
    assertThat(values(model, 43)).isNotEqualTo(whole);
  }

  @Test
  void diracFiltersPassTheirChannelOnAndTheOthersAreUniform() {
    ModelSpec model =
        new ModelSpec(
            "dirac",
            new Shape(5, 5, 3),
            List.of(
                new Convolution(8, Window.of(3), 1, Initializer.Rule.DIRAC, 0.5f),
                new Dense(2, Initializer.Rule.GLOROT, 0)));
    float[] whole = values(model, 42);
    float[] filters = Arrays.copyOfRange(whole, 8, 8 + 8 * 27);
    for (int filter = 0; filter < 3; filter++) {
      for (int i = 0; i < 27; i++) {
        assertThat(filters[filter * 27 + i]).isEqualTo(i == filter * 9 + 4 ? 1 : 0);
      }
    }
    float bound = (float) (1 / Math.sqrt(27));
    for (int i = 3 * 27; i < filters.length; i++) {
      assertThat(filters[i]).isBetween(-bound, bound).isNotEqualTo(filters[i - 1]);
    }
    float[] part = new float[60];
    new InitialParameters(model, 42).fill(30, FloatBuffer.wrap(part));
    assertThat(part).isEqualTo(Arrays.copyOfRange(whole, 30, 90));
  }

  @Test
  void rangesBeyondTheVectorAreRefused() {
    ModelSpec model = dense(10, Initializer.Rule.HE);
    InitialParameters parameters = new InitialParameters(model, 1);
    FloatBuffer two = FloatBuffer.allocate(2);
    assertThatThrownBy(() -> parameters.fill(-1, two))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> parameters.fill(model.parameterCount() - 1, two))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void gaussianWeightsAreNormalWithTheGivenDeviation() {
    assertNormal(new Initializer.Gaussian(0.01f), 0.01f);
  }

  @Test
  void heWeightsAreNormalWithVarianceTwoOverFanIn() {
    assertNormal(Initializer.Rule.HE, Math.sqrt(2.0 / 400));
  }

  @Test
  void glorotWeightsAreUniformWithVarianceTwoOverBothFans() {
    double[] weights = weights(Initializer.Rule.GLOROT);
    double bound = Math.sqrt(6.0 / (400 + 250));
    assertUniform(weights, bound);
    double variance = Arrays.stream(weights).map(w -> w * w).average().orElseThrow();
    assertThat(variance).isCloseTo(2.0 / 650, within(2.0 / 650 * 0.02));
  }

  @Test
  void leCunWeightsAreUniformWithin24OverFanIn() {
    assertUniform(weights(Initializer.Rule.LECUN), 2.4 / 400);
  }

  @Test
  void theQuantileIsThatOfTheNormalDistribution() {
    NormalDistribution normal = new NormalDistribution();
    for (double p = 1e-9; p < 1; p += 0.00037) {
      assertThat(InitialParameters.normalQuantile(p))
          .isCloseTo(normal.inverseCumulativeProbability(p), within(2e-6));
    }
    assertThat(InitialParameters.normalQuantile(0x1p-54))
        .isCloseTo(normal.inverseCumulativeProbability(0x1p-54), within(1e-4));
    assertThat(InitialParameters.normalQuantile(0.5)).isZero();
  }

  /** The bits are a promise: they make runs on different machines and releases comparable. */
  @Test
  void theValuesOfASeedNeverChange() {
    float[] values = values(dense(2, Initializer.Rule.HE), 7);
    assertThat(Arrays.copyOf(values, 4))
        .containsExactly(0.05404453f, -0.054232895f, 0.013798491f, -0.060284868f);
  }

  private static void assertNormal(Initializer initializer, double deviation) {
    double[] weights = weights(initializer);
    double p =
        new KolmogorovSmirnovTest()
            .kolmogorovSmirnovTest(
                new NormalDistribution(0, deviation), Arrays.copyOf(weights, 5000));
    assertThat(p).isGreaterThan(0.01);
    double variance = Arrays.stream(weights).map(w -> w * w).average().orElseThrow();
    assertThat(Math.sqrt(variance)).isCloseTo(deviation, within(deviation * 0.02));
  }

  private static void assertUniform(double[] values, double bound) {
    int[] bins = new int[20];
    for (double value : values) {
      assertThat(Math.abs(value)).isLessThanOrEqualTo(bound * (1 + 1e-6));
      bins[Math.min(19, (int) ((value / bound + 1) * 10))]++;
    }
    double expected = values.length / 20.0;
    for (int bin : bins) {
      assertThat((double) bin).isCloseTo(expected, within(5 * Math.sqrt(expected)));
    }
  }

  private static double[] weights(Initializer initializer) {
    float[] values = values(dense(250, initializer), 5);
    double[] weights = new double[400 * 250];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = values[i];
    }
    return weights;
  }

  private static ModelSpec dense(int units, Initializer initializer) {
    return new ModelSpec("dense", Shape.vector(400), List.of(new Dense(units, initializer, 0)));
  }

  private static float[] values(ModelSpec model, long seed) {
    float[] values = new float[(int) model.parameterCount()];
    new InitialParameters(model, seed).fill(0, FloatBuffer.wrap(values));
    return values;
  }
}
