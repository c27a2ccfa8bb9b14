// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import java.util.Arrays;

/**
 * The arithmetic of {@link PolicyOperation}, and the buffers that it needs for images of one shape.
 * It is that of torchvision's functions for tensors of uint8, in 32-bit floating point; results are
 * cut off to whole numbers and not rounded. It belongs to one thread at a time.
 */
public final class PolicyCanvas {
  private final ImageShape shape;
  private final Resampler resampler;
  private final AffineMap map = new AffineMap();
  private final byte[] copy;
  private final byte[] table = new byte[256];
  private final int[] histogram = new int[256];

  PolicyCanvas(ImageShape shape) {
    this.shape = shape;
    this.resampler = new Resampler(shape, shape);
    this.copy = new byte[shape.bytes()];
  }

  /** The shape of the images. */
  ImageShape shape() {
    return shape;
  }

  /** A map that gives an image as it is, to be changed and then used by {@link #move}. */
  AffineMap map() {
    map.reset(shape);
    return map;
  }

  /** Moves pixels along the map, each from the nearest one. */
  void move(byte[] pixels) {
    System.arraycopy(pixels, 0, copy, 0, copy.length);
    resampler.nearest(map, copy, pixels);
  }

  /** Blends each value with one number. */
  void blendWith(float other, byte[] pixels, double ratio) {
    for (int value = 0; value < 256; value++) {
      table[value] = blend(value, other, ratio);
    }
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = table[pixels[i] & 0xFF];
    }
  }

  private static byte blend(int own, float other, double ratio) {
    float blended = (float) ratio * own + (float) (1 - ratio) * other;
    return (byte) (int) Math.max(0, Math.min(255, blended));
  }

  /** Blends each pixel with its grey; grey images stay as they are. */
  void blendWithGrey(byte[] pixels, double ratio) {
    if (shape.channels() == 1) {
      return;
    }
    for (int i = 0; i < pixels.length; i += 3) {
      int grey = grey(pixels, i);
      for (int channel = i; channel < i + 3; channel++) {
        pixels[channel] = blend(pixels[channel] & 0xFF, grey, ratio);
      }
    }
  }

  private static int grey(byte[] pixels, int at) {
    int red = pixels[at] & 0xFF;
    int green = pixels[at + 1] & 0xFF;
    int blue = pixels[at + 2] & 0xFF;
    return (int) (0.2989f * red + 0.587f * green + 0.114f * blue);
  }

  /** The mean over the image of each pixel's grey. */
  float meanOfGrey(byte[] pixels) {
    long sum = 0;
    for (int i = 0; i < pixels.length; i += shape.channels()) {
      sum += shape.channels() == 1 ? pixels[i] & 0xFF : grey(pixels, i);
    }
    return (float) sum / shape.area();
  }

  /**
   * Blends with a blur, and at the border with the image itself, of which a number that is not
   * whole is cut off; images of two rows or columns stay as they are.
   */
  void blendWithBlur(byte[] pixels, double ratio) {
    if (shape.height() <= 2 || shape.width() <= 2) {
      return;
    }
    System.arraycopy(pixels, 0, copy, 0, copy.length);
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = blend(copy[i] & 0xFF, copy[i] & 0xFF, ratio);
    }
    int channels = shape.channels();
    int line = shape.width() * channels;
    for (int y = 1; y < shape.height() - 1; y++) {
      for (int i = y * line + channels; i < (y + 1) * line - channels; i++) {
        int own = copy[i] & 0xFF;
        int sum = 4 * own + row(i - line, channels) + row(i, channels) + row(i + line, channels);
        int blurred = (2 * sum + 13) / 26; // The nearest: thirteenths have no halves.
        pixels[i] = blend(own, blurred, ratio);
      }
    }
  }

  private int row(int middle, int channels) {
    return (copy[middle - channels] & 0xFF)
        + (copy[middle] & 0xFF)
        + (copy[middle + channels] & 0xFF);
  }

  /** Stretches each channel from its least and most to 0 and 255; one of one value stays. */
  void stretch(byte[] pixels) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      int least = 255;
      int most = 0;
      for (int i = channel; i < pixels.length; i += shape.channels()) {
        least = Math.min(least, pixels[i] & 0xFF);
        most = Math.max(most, pixels[i] & 0xFF);
      }
      if (least < most) {
        float scale = 255f / (most - least);
        for (int value = least; value <= most; value++) {
          table[value] = (byte) (int) Math.min(255, (value - least) * scale);
        }
        look(pixels, channel);
      }
    }
  }

  /** Equalizes the histogram of each channel. */
  void equalize(byte[] pixels) {
    for (int channel = 0; channel < shape.channels(); channel++) {
      Arrays.fill(histogram, 0);
      int last = 0;
      for (int i = channel; i < pixels.length; i += shape.channels()) {
        histogram[pixels[i] & 0xFF]++;
        last = Math.max(last, pixels[i] & 0xFF);
      }
      int step = (shape.area() - histogram[last]) / 255;
      if (step > 0) {
        int before = 0;
        for (int value = 0; value < 256; value++) {
          table[value] = value == 0 ? 0 : (byte) Math.min(255, (before + step / 2) / step);
          before += histogram[value];
        }
        look(pixels, channel);
      }
    }
  }

  private void look(byte[] pixels, int channel) {
    for (int i = channel; i < pixels.length; i += shape.channels()) {
      pixels[i] = table[pixels[i] & 0xFF];
    }
  }
}
