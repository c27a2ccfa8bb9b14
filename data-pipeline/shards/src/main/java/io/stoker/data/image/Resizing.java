// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

/**
 * Brings any image to one shape: the short side is resized to the target's, the middle is cut out,
 * grey and colour are converted into each other.
 */
public final class Resizing {
  private static final int WEIGHT_BITS = 16;
  private static final int HALF = 1 << (WEIGHT_BITS - 1);

  private Resizing() {}

  /**
   * Brings an image to a shape. An image that has it already is returned as it is.
   *
   * @param image of any shape
   * @param target height, width and channels of the result
   */
  public static Pixels fit(Pixels image, ImageShape target) {
    return fit(image, Extent.whole(image.shape()), target);
  }

  /**
   * Brings an image to a shape.
   *
   * @param extent where the image lies on its pixels
   */
  static Pixels fit(Pixels image, Extent extent, ImageShape target) {
    int channels = image.shape().channels();
    // To grey first, to colour last: one channel is resized instead of three equal ones.
    Pixels source = target.channels() < channels ? withChannels(image, target.channels()) : image;
    Extent from = extent.withChannels(source.shape().channels());
    ImageShape shape = new ImageShape(target.height(), target.width(), source.shape().channels());
    return withChannels(
        from.equals(Extent.whole(shape)) ? source : scaled(source, from, shape), target.channels());
  }

  private static Pixels scaled(Pixels image, Extent from, ImageShape to) {
    byte[] values = new byte[to.bytes()];
    Scaling.ofThread(from, to).apply(image.values(), values);
    return new Pixels(to, values);
  }

  /**
   * Converts between grey and colour. Grey is the luma of ITU-R BT.601 (0.299 red, 0.587 green,
   * 0.114 blue), as in Pillow.
   */
  static Pixels withChannels(Pixels image, int channels) {
    ImageShape from = image.shape();
    if (from.channels() == channels) {
      return image;
    }
    ImageShape to = new ImageShape(from.height(), from.width(), channels);
    byte[] source = image.values();
    byte[] values = new byte[to.bytes()];
    for (int i = 0; i < from.area(); i++) {
      if (channels == 1) {
        int red = source[3 * i] & 0xFF;
        int green = source[3 * i + 1] & 0xFF;
        int blue = source[3 * i + 2] & 0xFF;
        values[i] = (byte) ((red * 19595 + green * 38470 + blue * 7471 + HALF) >> WEIGHT_BITS);
      } else {
        values[3 * i] = source[i];
        values[3 * i + 1] = source[i];
        values[3 * i + 2] = source[i];
      }
    }
    return new Pixels(to, values);
  }
}
