// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

/** Changes images before a network is shown them. It belongs to one thread at a time. */
@FunctionalInterface
public interface PixelChange {
  /** Leaves every image as it is. */
  PixelChange NONE = (sampleId, image) -> image;

  /**
   * Changes one image.
   *
   * @param sampleId the sample's identity
   * @param image interleaved uint8 {@code [height, width, channels]}; unchanged
   * @return the changed image, of the same shape, in an array of this object's own that the next
   *     call fills again; or the image itself
   */
  byte[] apply(long sampleId, byte[] image);
}
