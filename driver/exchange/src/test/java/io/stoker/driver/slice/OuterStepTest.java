// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.spec.Shape;
import io.stoker.models.zoo.Zoo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OuterStepTest {
  private static final int LENGTH = 40;

  private final SplittableRandom random = new SplittableRandom(5);

  /** Against the algorithm as it is written down, with a vector of its own for each thing. */
  @ParameterizedTest
  @CsvSource({"1, 0.9, false", "0.7, 0.5, false", "1, 0.9, true", "0.3, 0.6, true"})
  void appliesMomentumToTheChangeOfTheMean(double rate, double momentum, boolean nesterov) {
    OuterStep step = new OuterStep(rate, momentum, nesterov, List.of());
    ParameterSlices slices = new ParameterSlices(0, LENGTH, 2, true, LENGTH);
    float[] position = values();
    double[] velocity = new double[LENGTH];
    byte[] content = bytes(position, new float[LENGTH], new float[LENGTH]);
    for (int round = 0; round < 5; round++) {
      float[] mean = values();
      float[] updater = values();

      byte[] next = bytes(mean, updater, values());
      step.apply(slices, 0, floats(content), next);

      FloatBuffer actual = floats(next);
      for (int i = 0; i < LENGTH; i++) {
        double delta = mean[i] - (double) position[i];
        velocity[i] = momentum * velocity[i] + delta;
        double move = nesterov ? momentum * velocity[i] + delta : velocity[i];
        double expected = position[i] + rate * move;
        assertThat((double) actual.get(i)).isCloseTo(expected, within(1e-5));
        assertThat(actual.get(LENGTH + i)).isEqualTo(updater[i]);
        assertThat((double) actual.get(2 * LENGTH + i)).isCloseTo(velocity[i], within(1e-5));
        position[i] = actual.get(i);
      }
      content = next;
    }
  }

  @Test
  void givesTheMeanToTheLastBitWithRateOneAndNoMomentum() {
    ParameterSlices slices = new ParameterSlices(LENGTH, 2, LENGTH);
    byte[] mean = bytes(values(), values());
    byte[] next = mean.clone();
    OuterStep.PLAIN.apply(slices, 0, floats(bytes(values(), values())), next);

    assertThat(next).isEqualTo(mean);
    assertThat(OuterStep.PLAIN.isPlain()).isTrue();
    assertThat(new OuterStep(0.5, 0, false, List.of()).isPlain()).isFalse();
    assertThat(new OuterStep(1, 0.5, false, List.of()).isPlain()).isFalse();
  }

  @Test
  void onlyAveragesRunningStatistics() {
    ParameterSlices slices = new ParameterSlices(100, 100 + LENGTH, 1, true, LENGTH);
    OuterStep step = new OuterStep(0.5, 0.9, false, List.of(new OuterStep.Range(103, 105)));
    float[] before = values();
    float[] mean = values();

    byte[] next = bytes(mean, values());
    step.apply(slices, 0, floats(bytes(before, values())), next);

    FloatBuffer after = floats(next);

    for (int i = 0; i < LENGTH; i++) {
      boolean statistic = i == 3 || i == 4;
      assertThat(after.get(i) == mean[i]).isEqualTo(statistic);
      assertThat(after.get(LENGTH + i) == 0).isEqualTo(statistic);
    }
  }

  @Test
  void knowsAModelsRunningStatistics() {
    assertThat(
            OuterStep.of(1, 0.5, false, Zoo.model("lenet5", new Shape(28, 28, 1), 10)).statistics())
        .isEmpty();
  }

  private float[] values() {
    float[] values = new float[LENGTH];
    for (int i = 0; i < LENGTH; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static byte[] bytes(float[]... vectors) {
    ByteBuffer bytes =
        ByteBuffer.allocate(vectors.length * LENGTH * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    for (float[] vector : vectors) {
      for (float value : vector) {
        bytes.putFloat(value);
      }
    }
    return bytes.array();
  }

  private static FloatBuffer floats(byte[] content) {
    return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
