// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Comparator;

/**
 * The shape of an image, {@code [height, width, channels]}.
 *
 * @param height rows
 * @param width columns
 * @param channels 1 (grey) or 3 (red, green, blue)
 */
public record ImageShape(int height, int width, int channels)
    implements Comparable<ImageShape>, Serializable {
  /** Bounds what one image may take in memory, in bytes. */
  static final long MAXIMUM_BYTES = 1L << 30;

  public ImageShape {
    Check.input(
        height > 0 && width > 0 && (channels == 1 || channels == 3),
        "Invalid image shape: %d x %d x %d (height and width must be >= 1, channels 1 or 3)",
        height,
        width,
        channels);
    Check.input(
        (long) height * width <= MAXIMUM_BYTES / channels,
        "Invalid image shape: %d x %d x %d (more than %d bytes)",
        height,
        width,
        channels,
        MAXIMUM_BYTES);
  }

  /** Pixels of one channel. */
  public int area() {
    return height * width;
  }

  /** Bytes of an image as interleaved uint8. */
  public int bytes() {
    return height * width * channels;
  }

  /** By height, then width, then channels. */
  @Override
  public int compareTo(ImageShape other) {
    return Comparator.comparingInt(ImageShape::height)
        .thenComparingInt(ImageShape::width)
        .thenComparingInt(ImageShape::channels)
        .compare(this, other);
  }

  @Override
  public String toString() {
    return height + " x " + width + " x " + channels;
  }
}
