// SPDX-License-Identifier: Apache-2.0
package io.stoker.base;

/**
 * Numbers of 16 bits. For IEEE 754's half precision (binary16: 1 bit of sign, 5 of exponent, 10 of
 * fraction), the JDK has methods from version 20 on.
 */
public final class HalfPrecision {
  private static final int SIGN = 0x8000;
  private static final int MAGNITUDE = 0x7fff;
  private static final int LARGEST = 0x7bff;
  private static final int INFINITY = 0x7c00;
  private static final int NAN = 0x7e00;

  /** How many bits longer the fraction of fp32 is. */
  private static final int FEWER_BITS = 13;

  /** The difference of the exponents' biases, shifted to the exponent's position in fp32. */
  private static final int REBIAS = (127 - 15) << 23;

  private static final float SMALLEST_NORMAL = 0x1p-14f;
  private static final float PER_SUBNORMAL = 0x1p24f;

  private HalfPrecision() {}

  /**
   * Rounds to the nearest number of half precision, and of two equally near ones to the even one.
   * Larger magnitudes become the largest finite number, 65504.
   */
  public static short of(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & SIGN;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | NAN);
    }
    if (magnitude < SMALLEST_NORMAL) {
      return (short) (sign | (int) Math.rint(magnitude * PER_SUBNORMAL));
    }
    int bits = Float.floatToRawIntBits(magnitude) - REBIAS;
    int even = (bits >>> FEWER_BITS) & 1;
    int rounded = (bits + (1 << (FEWER_BITS - 1)) - 1 + even) >>> FEWER_BITS;
    return (short) (sign | Math.min(rounded, LARGEST));
  }

  /** Converts half precision to fp32, which is exact. */
  public static float toFloat(short half) {
    int magnitude = half & MAGNITUDE;
    float value;
    if (magnitude > INFINITY) {
      value = Float.NaN;
    } else if (magnitude == INFINITY) {
      value = Float.POSITIVE_INFINITY;
    } else if (magnitude < (1 << 10)) {
      value = magnitude / PER_SUBNORMAL;
    } else {
      value = Float.intBitsToFloat((magnitude << FEWER_BITS) + REBIAS);
    }
    return (half & SIGN) == 0 ? value : -value;
  }

  /** Converts a bfloat16, the upper half of an fp32, which is exact. */
  public static float bfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
