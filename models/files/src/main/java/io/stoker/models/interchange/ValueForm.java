// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

/** How a value of another format is written in the canonical vector. */
public enum ValueForm {
  /** As it is. */
  SAME,
  /** A variance, which the canonical vector has as {@code log10(sqrt(variance))}. */
  VARIANCE,
  /** Zero; the canonical vector does not have it. */
  ZERO;

  /** The smallest variance that is kept; batch normalization adds far more to it. */
  private static final float SMALLEST = Float.MIN_NORMAL;

  /** The other format's value of a canonical one. */
  float toForeign(float canonical) {
    return switch (this) {
      case SAME -> canonical;
      case VARIANCE -> (float) Math.pow(10, 2 * (double) canonical);
      case ZERO -> 0;
    };
  }

  /** The canonical value of the other format's; that of a negative variance is NaN. */
  float toCanonical(float foreign) {
    return switch (this) {
      case SAME, ZERO -> foreign;
      case VARIANCE ->
          foreign < 0 ? Float.NaN : (float) (Math.log10(Math.max(foreign, SMALLEST)) / 2);
    };
  }
}
