package io.stoker.driver.averaging;

/** IEEE 754 half precision, which Java has from version 20 on only. */
final class Half {
  private static final int SIGN = 0x8000;
  private static final int MAGNITUDE = 0x7fff;
  private static final int LARGEST = 0x7bff;
  private static final int INFINITY = 0x7c00;
  private static final int NAN = 0x7e00;

  /** Bits of a fraction that fp32 has and half precision has not. */
  private static final int FEWER_BITS = 13;

  /** The difference of the exponents' biases, in the place of fp32's exponent. */
  private static final int REBIAS = (127 - 15) << 23;

  private static final float SMALLEST_NORMAL = 0x1p-14f;
  private static final float PER_SUBNORMAL = 0x1p24f;

  private Half() {}

  /**
   * The nearest number of half precision, of two equally near ones the even one. What is too large
   * becomes the largest, 65504.
   */
  static short of(float value) {
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

  /** The number itself, which fp32 has too. */
  static float toFloat(short half) {
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
}
