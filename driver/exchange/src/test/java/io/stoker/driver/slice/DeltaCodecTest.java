// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.base.HalfPrecision;
import io.stoker.testing.Exact;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

@Exact
class DeltaCodecTest {
  private final Random random = new Random(5);

  @Test
  void halfPrecisionHasTheBitsOfTheStandard() {
    for (int half = 0; half < (1 << 16); half++) {
      int exponent = (half >> 10) & 31;
      int fraction = half & 1023;
      double magnitude =
          exponent == 0
              ? Math.scalb((double) fraction, -24)
              : Math.scalb(1 + fraction / 1024.0, exponent - 15);
      float value = HalfPrecision.toFloat((short) half);
      if (exponent < 31) {
        assertThat((double) value).isEqualTo((half >> 15) == 0 ? magnitude : -magnitude);
        assertThat(HalfPrecision.of(value)).isEqualTo((short) half);
      } else {
        assertThat(fraction == 0 ? Float.isInfinite(value) : Float.isNaN(value)).isTrue();
      }
    }
  }

  @Test
  void halfPrecisionRoundsToTheNearestAndOfTwoToTheEven() {
    for (int half = 0; half < 0x7bff; half++) {
      float low = HalfPrecision.toFloat((short) half);
      float high = HalfPrecision.toFloat((short) (half + 1));
      float middle = (low + high) / 2; // exact in fp32
      assertThat((int) HalfPrecision.of(middle)).isEqualTo(half % 2 == 0 ? half : half + 1);
      assertThat((int) HalfPrecision.of(Math.nextDown(middle))).isEqualTo(half);
      assertThat((int) HalfPrecision.of(Math.nextUp(middle))).isEqualTo(half + 1);
    }
    assertThat(HalfPrecision.toFloat(HalfPrecision.of(1e30f))).isEqualTo(65504);
    assertThat(HalfPrecision.toFloat(HalfPrecision.of(Float.NaN))).isNaN();
  }

  @Test
  void fp16IsWithinHalfAUnitOfElevenBits() {
    float[] deltas = gaussians(5000, 1e-3f);

    float[] decoded = decoded(Wire.FP16, deltas);

    for (int i = 0; i < deltas.length; i++) {
      assertThat(decoded[i]).isCloseTo(deltas[i], within(Math.abs(deltas[i]) / 2048 + 1e-10f));
    }
  }

  @Test
  void int8IsWithinHalfAStepOfItsBlocksScale() {
    float[] deltas = gaussians(5000, 1e-3f);

    float[] decoded = decoded(Wire.INT8, deltas);

    for (int i = 0; i < deltas.length; i++) {
      float largest = 0;
      for (int j = i / 256 * 256; j < Math.min(deltas.length, i / 256 * 256 + 256); j++) {
        largest = Math.max(largest, Math.abs(deltas[j]));
      }
      assertThat(decoded[i]).isCloseTo(deltas[i], within(largest / 127 * 0.5001f));
    }
  }

  @ParameterizedTest
  @CsvSource({"FP16,1000,2000", "INT8,1000,1016", "INT8,256,260", "INT8,1,5"})
  void takesFewerBytes(Wire wire, int values, int bytes) {
    assertThat(codec(wire).bytes(values)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP16", "INT8"})
  void doesNotDependOnWhereTheVectorIsCut(Wire wire) {
    float[] deltas = gaussians(1300, 1);
    float[] whole = decoded(wire, deltas);

    assertThat(decoded(wire, Arrays.copyOfRange(deltas, 0, 512)))
        .isEqualTo(Arrays.copyOfRange(whole, 0, 512));
    assertThat(decoded(wire, Arrays.copyOfRange(deltas, 512, 1300)))
        .isEqualTo(Arrays.copyOfRange(whole, 512, 1300));
  }

  @ParameterizedTest
  @EnumSource(
      value = Wire.class,
      names = {"FP16", "INT8"})
  void encodesZeroAsZeroAndNanAsNan(Wire wire) {
    assertThat(decoded(wire, new float[300])).containsOnly(0);
    assertThat(decoded(wire, new float[] {1, Float.NaN})[1]).isNaN();
  }

  private static DeltaCodec codec(Wire wire) {
    return DeltaCodec.of(wire).orElseThrow();
  }

  private static float[] decoded(Wire wire, float[] deltas) {
    ByteBuffer bytes =
        ByteBuffer.allocate(codec(wire).bytes(deltas.length)).order(ByteOrder.LITTLE_ENDIAN);
    codec(wire).encode(FloatBuffer.wrap(deltas), bytes);
    assertThat(bytes.hasRemaining()).isFalse();
    float[] decoded = new float[deltas.length];
    codec(wire).decode(bytes.flip(), FloatBuffer.wrap(decoded));
    return decoded;
  }

  private float[] gaussians(int count, float deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * deviation;
    }
    return values;
  }
}
