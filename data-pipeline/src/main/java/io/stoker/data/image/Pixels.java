package io.stoker.data.image;

import java.util.Objects;

/**
 * An image as interleaved uint8 values {@code [height, width, channels]}: grey, or red, green,
 * blue. It owns its array; nobody changes it afterwards.
 *
 * @param shape height, width and channels
 * @param values {@code shape.bytes()} bytes, row by row
 */
@SuppressWarnings("ArrayRecordComponent") // A copy of every image on each access would cost more.
public record Pixels(ImageShape shape, byte[] values) {
  public Pixels {
    Objects.requireNonNull(shape, "shape");
    if (values.length != shape.bytes()) {
      throw new IllegalArgumentException(
          "Invalid pixels: " + values.length + " bytes for the shape " + shape);
    }
  }
}
