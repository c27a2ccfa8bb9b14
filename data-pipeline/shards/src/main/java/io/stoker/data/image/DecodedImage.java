// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/** An upright image as it was decoded, perhaps at a fraction of its size. */
public final class DecodedImage {
  private final Pixels pixels;
  private final Extent extent;

  DecodedImage(Pixels pixels, Extent extent) {
    this.pixels = pixels;
    this.extent = extent;
  }

  /** An image at its own size. */
  public static DecodedImage whole(Pixels pixels) {
    return new DecodedImage(pixels, Extent.whole(pixels.shape()));
  }

  /** The pixels, as they were decoded. */
  public Pixels pixels() {
    return pixels;
  }

  /**
   * Brings the image to a shape, as {@link Resizing#fit} does: the same part of it at the same
   * place, whatever fraction it was decoded at.
   */
  public Pixels fit(ImageShape target) {
    return Resizing.fit(pixels, extent, target);
  }
}
