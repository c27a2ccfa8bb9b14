// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;

/** Takes an image's finer detail away: it is resized to fewer pixels, and back. */
final class Coarsening implements PixelChange {
  private final ImageShape shape;
  private final ImageShape coarse;

  /**
   * @param shape of the images
   * @param fraction of height and width that is left
   */
  Coarsening(ImageShape shape, double fraction) {
    this.shape = shape;
    this.coarse =
        new ImageShape(
            Math.max(1, (int) Math.round(shape.height() * fraction)),
            Math.max(1, (int) Math.round(shape.width() * fraction)),
            shape.channels());
  }

  @Override
  public byte[] apply(long sampleId, byte[] image) {
    return Resizing.fit(Resizing.fit(new Pixels(shape, image), coarse), shape).values();
  }
}
