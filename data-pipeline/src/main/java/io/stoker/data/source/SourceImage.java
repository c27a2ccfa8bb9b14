package io.stoker.data.source;

import io.stoker.data.image.Pixels;

/** A sample's image as a collection has it. */
public sealed interface SourceImage {
  /**
   * The bytes of an image file.
   *
   * @param file of a format that {@link io.stoker.data.image.ImageCodec} reads, which remains to be
   *     seen
   */
  @SuppressWarnings("ArrayRecordComponent") // It is decoded once and dropped.
  record Encoded(byte[] file) implements SourceImage {}

  /**
   * Pixels that need no decoding.
   *
   * @param pixels the image
   */
  record Decoded(Pixels pixels) implements SourceImage {}

  /**
   * An image that could not be read.
   *
   * @param reason why
   */
  record Unreadable(String reason) implements SourceImage {}
}
