// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.io.Serializable;
import java.util.Objects;

/**
 * An image as interleaved uint8 values {@code [height, width, channels]}: grey, or red, green,
 * blue. It owns its array, which is not changed afterwards.
 *
 * @param shape height, width and channels
 * @param values {@code shape.bytes()} bytes, row by row
 */
@SuppressWarnings("ArrayRecordComponent") // A copy of every image on each access would cost more.
public record Pixels(ImageShape shape, byte[] values) implements Serializable {
  public Pixels {
    Objects.requireNonNull(shape, "shape");
    if (values.length != shape.bytes()) {
      throw new IllegalArgumentException(
          "Invalid pixels: " + values.length + " bytes for the shape " + shape);
    }
  }

  /**
   * The middle of an image; where there are two, the one nearer to the top and the left.
   *
   * @param size of the same channels, and no larger
   */
  public Pixels middle(ImageShape size) {
    if (size.equals(shape)) {
      return this;
    }
    int channels = shape.channels();
    int top = (shape.height() - size.height()) / 2;
    int left = (shape.width() - size.width()) / 2;
    byte[] part = new byte[size.bytes()];
    int rowBytes = size.width() * channels;
    for (int y = 0; y < size.height(); y++) {
      int from = ((top + y) * shape.width() + left) * channels;
      System.arraycopy(values, from, part, y * rowBytes, rowBytes);
    }
    return new Pixels(size, part);
  }
}
