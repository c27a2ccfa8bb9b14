// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.failure.Check;

/**
 * The numbers between two, such as {@code 0.02-0.33}.
 *
 * @param from the least
 * @param to the most
 */
public record Range(double from, double to) {
  public Range {
    Check.input(from <= to, "Invalid range: %s-%s (must be the least and the most)", from, to);
  }

  /** The number at a share of the way, 0 to 1. */
  double at(double share) {
    return from + (to - from) * share;
  }

  @Override
  public String toString() {
    return from + "-" + to;
  }
}
