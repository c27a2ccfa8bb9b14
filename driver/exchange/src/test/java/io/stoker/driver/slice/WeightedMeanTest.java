// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.stoker.testing.Exact;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

@Exact
class WeightedMeanTest {
  private final Random random = new Random(11);

  @Test
  void theMeanIsExactAndRoundedOnce() {
    int values = 2500;
    long[] examples = {640, 1, 0, 333};
    float[][] parameters = new float[examples.length][values];
    List<WorkerSlice> pieces = new ArrayList<>();
    for (int worker = 0; worker < examples.length; worker++) {
      for (int i = 0; i < values; i++) {
        parameters[worker][i] = (float) random.nextGaussian() * (i % 7 == 0 ? 1e4f : 1e-3f);
      }
      pieces.add(piece(worker, examples[worker], bytes(parameters[worker])));
    }

    float[] mean = floats(mean(pieces, values * Float.BYTES));

    for (int i = 0; i < values; i++) {
      BigDecimal sum = BigDecimal.ZERO;
      for (int worker = 0; worker < examples.length; worker++) {
        sum =
            sum.add(
                new BigDecimal(parameters[worker][i]).multiply(new BigDecimal(examples[worker])));
      }
      float exact = sum.divide(new BigDecimal(974), MathContext.DECIMAL128).floatValue();
      assertThat(mean[i]).isBetween(Math.nextDown(exact), Math.nextUp(exact));
    }
  }

  @Test
  void theMeanOfOnePieceIsThatPieceToTheLastBit() {
    byte[] content = new byte[4096];
    random.nextBytes(content); // among these are infinities and numbers that are none

    assertThat(mean(List.of(piece(0, 17, content)), content.length)).isEqualTo(content);
    assertThat(
            mean(
                List.of(piece(0, 0, new byte[0]), piece(1, 3, content), piece(2, 0, new byte[0])),
                content.length))
        .isEqualTo(content);
  }

  @Test
  void theMeanOfEqualPiecesIsEachOfThem() {
    float[] same = new float[100];
    for (int i = 0; i < same.length; i++) {
      same[i] = random.nextFloat() - 0.5f;
    }

    List<WorkerSlice> pieces = new ArrayList<>();
    for (int worker = 0; worker < 7; worker++) {
      pieces.add(piece(worker, 10 + worker, bytes(same)));
    }

    assertThat(floats(mean(pieces, 400))).isEqualTo(same);
  }

  @Test
  void measuresHowFarPiecesAreFromTheMean() {
    int values = 3000;
    int parameters = 2000;
    long[] examples = {640, 0, 320};
    float[][] vectors = new float[examples.length][values];
    List<WorkerSlice> pieces = new ArrayList<>();
    for (int worker = 0; worker < examples.length; worker++) {
      for (int i = 0; i < values; i++) {
        vectors[worker][i] = 0.1f * i / values + (float) random.nextGaussian() * 1e-4f;
      }
      pieces.add(piece(worker, examples[worker], bytes(vectors[worker])));
    }

    SliceAverage.Averaged averaged =
        WeightedMean.of(pieces, parameters, new byte[values * Float.BYTES]);

    double drift = 0;
    double norm = 0;
    for (int i = 0; i < parameters; i++) {
      double mean = (640.0 * vectors[0][i] + 320.0 * vectors[2][i]) / 960;
      norm += mean * mean;
      drift += 640 * Math.pow(vectors[0][i] - mean, 2) / 960;
      drift += 320 * Math.pow(vectors[2][i] - mean, 2) / 960;
    }
    assertThat(averaged.driftSquared()).isCloseTo(drift, withinPercentage(1e-6));
    assertThat(averaged.normSquared()).isCloseTo(norm, withinPercentage(1e-6));
  }

  @Test
  void refusesPiecesOfWhichNoneHasAWeight() {
    assertThatThrownBy(() -> mean(List.of(piece(0, 0, new byte[0])), 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static WorkerSlice piece(int worker, long examples, byte[] content) {
    return new WorkerSlice(0, worker, "1", examples, ByteBuffer.wrap(content));
  }

  private static byte[] mean(List<WorkerSlice> pieces, int bytes) {
    return WeightedMean.of(pieces, 0, new byte[bytes]).content();
  }

  private static byte[] bytes(float[] values) {
    ByteBuffer buffer =
        ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asFloatBuffer().put(values);
    return buffer.array();
  }

  private static float[] floats(byte[] content) {
    float[] values = new float[content.length / Float.BYTES];
    ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(values);
    return values;
  }
}
