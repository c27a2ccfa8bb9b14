// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Base64;
import javax.imageio.ImageIO;

/** Pictures within a page, as {@code data:} URIs. */
final class EmbeddedPicture {
  /** The longer side in pixels; larger images are scaled down, so that a page stays small. */
  private static final int LONGEST_SIDE = 160;

  private EmbeddedPicture() {}

  /** Makes the URI of an image, scaled down if it is large. */
  static String of(Pixels image) {
    ImageShape shape = image.shape();
    double scale = Math.min(1, (double) LONGEST_SIDE / Math.max(shape.height(), shape.width()));
    ImageShape small =
        new ImageShape(
            (int) Math.max(1, Math.round(shape.height() * scale)),
            (int) Math.max(1, Math.round(shape.width() * scale)),
            shape.channels());
    return uri(ImageCodec.encodePng(scale < 1 ? Resizing.fit(image, small) : image));
  }

  /** Makes the URI of a drawing in its own size. */
  static String of(BufferedImage drawing) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ImageIO.write(drawing, "png", bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return uri(bytes.toByteArray());
  }

  private static String uri(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }
}
