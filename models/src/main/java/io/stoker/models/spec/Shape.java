package io.stoker.models.spec;

import io.stoker.failure.Check;

/**
 * The shape of one example between two layers. A vector of n features is 1 x 1 x n.
 *
 * @param height rows
 * @param width columns
 * @param channels channels, or features of a vector
 */
public record Shape(int height, int width, int channels) {
  /**
   * Bounds every size that is computed from a shape, so that a hostile model file cannot overflow
   * one.
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

  /** How many values an example has. */
  public int features() {
    return height * width * channels;
  }

  /** Whether this is a vector: what a dense layer gives. */
  public boolean isVector() {
    return height == 1 && width == 1;
  }

  @Override
  public String toString() {
    return isVector() ? Integer.toString(channels) : height + " x " + width + " x " + channels;
  }
}
