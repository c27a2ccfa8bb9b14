// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import io.stoker.base.Numbers;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.io.Serializable;
import java.util.List;
import java.util.Locale;

/** How a shard's image column holds an image. */
public sealed interface ShardEncoding extends Serializable {
  /** The names that {@link #parse} knows. */
  List<String> NAMES = List.of("raw", "jpeg", "png");

  /** The value of the shard's encoding column. */
  String name();

  /** Whether an image of this shape can be encoded. */
  default boolean holds(ImageShape shape) {
    return true;
  }

  /** Encodes an image that {@linkplain #holds fits}; equal pixels give equal bytes. */
  byte[] encode(Pixels pixels);

  /**
   * Decodes an image into {@code target}, interleaved uint8 {@code [height, width, channels]}.
   *
   * @param source holds the encoded image
   * @param offset where it starts
   * @param length its length in bytes
   * @param shape the shape that it must have
   * @param target receives {@code shape.bytes()} bytes at its start
   * @throws UnreadableImageException if the bytes are not an image of this shape
   */
  default void decode(byte[] source, int offset, int length, ImageShape shape, byte[] target)
      throws UnreadableImageException {
    ImageCodec.decodeInto(source, offset, length, shape, target);
  }

  /**
   * Reads {@code raw}, {@code png}, {@code jpeg} or {@code jpeg=90} (quality 1 to 100).
   *
   * @throws InputException for any other text
   */
  @JsonCreator
  static ShardEncoding parse(String text) {
    String[] parts = text.trim().toLowerCase(Locale.ROOT).split("=", 2);
    return switch (parts[0]) {
      case "raw" -> withoutValue(new Raw(), parts, text);
      case "png" -> withoutValue(new Png(), parts, text);
      case "jpeg" -> new Jpeg(parts.length == 1 ? Jpeg.DEFAULT_QUALITY : quality(parts[1], text));
      default ->
          throw new InputException(
              "Unknown encoding: '" + text + "'; " + Suggestion.among(parts[0], NAMES));
    };
  }

  private static ShardEncoding withoutValue(ShardEncoding encoding, String[] parts, String text) {
    Check.input(
        parts.length == 1,
        "Invalid encoding: '%s' (%s takes no value; only jpeg does: jpeg=90)",
        text,
        parts[0]);
    return encoding;
  }

  private static int quality(String value, String text) {
    try {
      return Numbers.parseInt(value);
    } catch (NumberFormatException e) {
      throw new InputException("Invalid encoding: '" + text + "' (try jpeg=90)", e);
    }
  }

  /** The pixels themselves: the fastest to read, the largest. The choice for small images. */
  record Raw() implements ShardEncoding {
    @Override
    public String name() {
      return "raw";
    }

    @Override
    public byte[] encode(Pixels pixels) {
      return pixels.values();
    }

    @Override
    public void decode(byte[] source, int offset, int length, ImageShape shape, byte[] target)
        throws UnreadableImageException {
      if (length != shape.bytes()) {
        throw new UnreadableImageException(
            "a raw image of " + shape + " has " + shape.bytes() + " bytes, this one " + length);
      }
      System.arraycopy(source, offset, target, 0, length);
    }

    @JsonValue
    @Override
    public String toString() {
      return name();
    }
  }

  /**
   * Baseline JPEG: the choice for photographs.
   *
   * @param quality 1 to 100
   */
  record Jpeg(int quality) implements ShardEncoding {
    /** What libjpeg takes for the longest side. */
    private static final int LONGEST_SIDE = 65_500;

    /** The quality of {@code jpeg} without a value. */
    public static final int DEFAULT_QUALITY = 95;

    public Jpeg {
      Check.input(
          quality >= 1 && quality <= 100, "Invalid JPEG quality: %d (must be 1 to 100)", quality);
    }

    @Override
    public String name() {
      return "jpeg";
    }

    @Override
    public boolean holds(ImageShape shape) {
      return shape.height() <= LONGEST_SIDE && shape.width() <= LONGEST_SIDE;
    }

    @Override
    public byte[] encode(Pixels pixels) {
      return ImageCodec.encodeJpeg(pixels, quality);
    }

    @JsonValue
    @Override
    public String toString() {
      return quality == DEFAULT_QUALITY ? name() : name() + "=" + quality;
    }
  }

  /** PNG: exact and smaller than raw, slower to read. */
  record Png() implements ShardEncoding {
    @Override
    public String name() {
      return "png";
    }

    @Override
    public byte[] encode(Pixels pixels) {
      return ImageCodec.encodePng(pixels);
    }

    @JsonValue
    @Override
    public String toString() {
      return name();
    }
  }
}
