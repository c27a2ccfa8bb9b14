// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.image.DecodedImage;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.LeastSize;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import java.io.Serializable;

/** A sample's image as a collection has it. */
public sealed interface SourceImage extends Serializable {
  /**
   * Decodes the image, and does something with its pixels while the memory for them is set aside.
   *
   * @param maximumPixels an image file whose header says more is refused before memory is taken
   * @param least the least size of the decoded pixels
   * @param use what is done with the image
   * @throws UnreadableImageException if there is no image, or none that can be read
   */
  <T> T decode(long maximumPixels, LeastSize least, ImageCodec.Use<T> use)
      throws UnreadableImageException;

  /**
   * The bytes of an image file.
   *
   * @param file of a format that {@link ImageCodec} reads, which remains to be seen
   */
  @SuppressWarnings("ArrayRecordComponent") // It is decoded once and dropped.
  record Encoded(byte[] file) implements SourceImage {
    @Override
    public <T> T decode(long maximumPixels, LeastSize least, ImageCodec.Use<T> use)
        throws UnreadableImageException {
      return ImageCodec.decode(file, maximumPixels, least, use);
    }
  }

  /**
   * Pixels that need no decoding.
   *
   * @param pixels the image
   */
  record Decoded(Pixels pixels) implements SourceImage {
    @Override
    public <T> T decode(long maximumPixels, LeastSize least, ImageCodec.Use<T> use)
        throws UnreadableImageException {
      return use.of(DecodedImage.whole(pixels));
    }
  }

  /**
   * An image that could not be read.
   *
   * @param reason why
   */
  record Unreadable(String reason) implements SourceImage {
    /** A row that has null for its image. */
    public static final Unreadable NULL = new Unreadable("there is no image: null");

    @Override
    public <T> T decode(long maximumPixels, LeastSize least, ImageCodec.Use<T> use)
        throws UnreadableImageException {
      throw new UnreadableImageException(reason);
    }
  }
}
