// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

/** Numbers of 16 bits as fp32, in which all of them are exact. */
public final class HalfPrecision {
  private HalfPrecision() {}

  /** A number of IEEE 754's binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
  public static float binary16(short bits) {
    int sign = (bits & 0x8000) << 16;
    int exponent = bits >> 10 & 0x1f;
    int fraction = bits & 0x3ff;
    if (exponent == 0) { // zero or subnormal: fraction / 2^24
      float value = fraction * 0x1p-24f;
      return sign == 0 ? value : -value;
    }
    int wide = exponent == 0x1f ? 0xff : exponent + 112;
    return Float.intBitsToFloat(sign | wide << 23 | fraction << 13);
  }

  /** A bfloat16: the upper half of an fp32. */
  public static float bfloat16(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
