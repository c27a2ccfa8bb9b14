// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

/** Converts fp32 settings for configurations, which hold doubles. */
final class Decimal {
  private Decimal() {}

  /** The double that is printed as the float is: 0.9, where widening gives 0.8999999761581421. */
  static double of(float value) {
    return Double.parseDouble(Float.toString(value));
  }
}
