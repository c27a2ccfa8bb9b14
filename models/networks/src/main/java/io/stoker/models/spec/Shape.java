// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.io.Serializable;

/**
 * The shape of one example between two layers. A vector of n features is 1 x 1 x n.
 *
 * @param height rows
 * @param width columns
 * @param channels channels, or features of a vector
 */
public record Shape(int height, int width, int channels) implements Serializable {
  /**
   * The most values that a shape may have: no size that is computed from a shape of a hostile model
   * file overflows.
   */
  static final long MAXIMUM_FEATURES = 1L << 28;

  public Shape {
    Check.input(
        height > 0
            && width > 0
            && channels > 0
            && (long) height * width <= MAXIMUM_FEATURES / channels,
        "Invalid shape: %d x %d x %d (each must be >= 1, and their product at most %d)",
        height,
        width,
        channels,
        MAXIMUM_FEATURES);
  }

  /** The shape of a vector. */
  public static Shape vector(int features) {
    return new Shape(1, 1, features);
  }

  /** The number of values of an example. */
  public int features() {
    return height * width * channels;
  }

  /** Whether this is the shape of a vector, such as the output of a dense layer. */
  public boolean isVector() {
    return height == 1 && width == 1;
  }

  @Override
  public String toString() {
    return isVector() ? Integer.toString(channels) : height + " x " + width + " x " + channels;
  }
}
