// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * Zeros around an image before a window slides over it.
 *
 * @param top rows above
 * @param left columns before
 * @param bottom rows below
 * @param right columns after
 */
public record Padding(int top, int left, int bottom, int right) implements Serializable {
  private static final int MAXIMUM = 1024;

  /** No padding. */
  public static final Padding NONE = of(0);

  public Padding {
    for (int side : new int[] {top, left, bottom, right}) {
      Check.input(
          side >= 0 && side <= MAXIMUM,
          "Invalid padding: %d (must be between 0 and %d)",
          side,
          MAXIMUM);
    }
  }

  /** Equal padding on all sides. */
  public static Padding of(int side) {
    return new Padding(side, side, side, side);
  }

  /** Whether the padding is the same on all sides. */
  public boolean isEven() {
    return top == left && top == bottom && top == right;
  }

  /** The padding of the side that has the most. */
  public int largest() {
    return Math.max(Math.max(top, left), Math.max(bottom, right));
  }

  @Override
  public String toString() {
    return isEven() ? Integer.toString(top) : top + "," + left + "," + bottom + "," + right;
  }
}
