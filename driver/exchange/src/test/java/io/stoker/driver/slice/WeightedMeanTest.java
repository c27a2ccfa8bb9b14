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

  /** Compares bits, with values of all sizes: negative zeros, subnormals, infinities, ties. */
  @Test
  void theMeanOfTwoPiecesOfTheSameWeightIsThatInDoublePrecision() {
    int values = 100_000;
    float[][] vectors = new float[2][values];
    for (int i = 0; i < values; i++) {
      for (float[] vector : vectors) {
        // Subnormals and the least normal values; those whose squares fp32 has; then all values.
        int exponent =
            switch (4 * i / values) {
              case 0 -> random.nextInt(4);
              case 1, 2 -> 67 + random.nextInt(120);
              default -> random.nextInt(256);
            };
        vector[i] = Float.intBitsToFloat((random.nextInt() & 0x807fffff) | (exponent << 23));
      }
      if (i % 3 == 0) { // Every other sum of two values of one exponent is a tie.
        int exponent = Float.floatToRawIntBits(vectors[0][i]) & 0xff800000;
        vectors[1][i] = Float.intBitsToFloat(exponent | random.nextInt(1 << 23));
      } else if (i % 100 == 1) {
        vectors[0][i] = -0.0f;
        vectors[1][i] = i % 200 == 1 ? -0.0f : Float.MIN_VALUE * i;
      }
    }
    List<WorkerSlice> pieces =
        List.of(piece(0, 33, bytes(vectors[0])), piece(1, 33, bytes(vectors[1])));

    for (int measured : List.of(0, values / 4, values)) {
      float[] mean =
          floats(WeightedMean.of(pieces, measured, new byte[values * Float.BYTES]).content());

      for (int i = 0; i < values; i++) {
        float exact = (float) ((0 + 33.0 * vectors[0][i] + 33.0 * vectors[1][i]) / 66);
        assertThat(Float.floatToIntBits(mean[i]))
            .as("the mean of %s and %s", vectors[0][i], vectors[1][i])
            .isEqualTo(Float.floatToIntBits(exact));
      }
    }
  }

  @Test
  void measuresHowFarPiecesOfTheSameWeightAreFromTheMean() {
    int values = 200_000;
    float[][] vectors = new float[2][values];
    double drift = 0;
    double norm = 0;
    for (int i = 0; i < values; i++) {
      vectors[0][i] = (float) random.nextGaussian();
      vectors[1][i] = vectors[0][i] + (float) random.nextGaussian() * 1e-3f;
      double mean = ((double) vectors[0][i] + vectors[1][i]) / 2;
      if (i < values / 2) {
        norm += mean * mean;
        drift += Math.pow(vectors[0][i] - mean, 2);
      }
    }

    vectors[0][values - 1] = 1e30f; // The square is too large for fp32; it is not measured.

    SliceAverage.Averaged averaged =
        WeightedMean.of(
            List.of(piece(0, 64, bytes(vectors[0])), piece(1, 64, bytes(vectors[1]))),
            values / 2,
            new byte[values * Float.BYTES]);

    assertThat(averaged.driftSquared()).isCloseTo(drift, withinPercentage(1e-4));
    assertThat(averaged.normSquared()).isCloseTo(norm, withinPercentage(1e-4));
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
