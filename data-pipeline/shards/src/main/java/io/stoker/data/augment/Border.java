// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

/** What an image that moves shows outside of the data's image. */
public enum Border {
  /** 0 in each channel. */
  BLACK,

  /**
   * The data's image, mirrored at the centres of its outermost pixels, which are not repeated: the
   * column left of the first is the second (PyTorch's and numpy's padding {@code reflect}).
   */
  REFLECT;

  /**
   * The row or column that is shown at a place.
   *
   * @param at before, in or after the image
   * @param size how many rows or columns the image has
   */
  static int reflected(int at, int size) {
    if (size == 1) {
      return 0;
    }
    int period = 2 * size - 2;
    int within = Math.floorMod(at, period);
    return within < size ? within : period - within;
  }
}
