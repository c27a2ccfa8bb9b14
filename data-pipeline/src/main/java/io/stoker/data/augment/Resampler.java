package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import java.util.Arrays;

/** Moves the pixels of uint8 images {@code [height, width, channels]} along an affine map. */
final class Resampler {
  private final int height;
  private final int width;
  private final int channels;

  Resampler(ImageShape shape) {
    this.height = shape.height();
    this.width = shape.width();
    this.channels = shape.channels();
  }

  /** Fills the target; source and target are different arrays. */
  void apply(AffineMap map, byte[] source, byte[] target) {
    if (map.isExact()) {
      if (map.xx > 0) {
        copyMoved((int) map.xt, (int) map.yt, source, target);
      } else {
        copyMirrored((int) map.xt, (int) map.yt, source, target);
      }
    } else {
      interpolate(map, source, target);
    }
  }

  /**
   * Moves pixels by whole steps, along a map that is exact, and gives each value the number that a
   * table has for it.
   *
   * @param target receives {@code [channels, height, width]} from the offset on
   */
  void applyExact(AffineMap map, byte[] source, float[][] values, float[] target, int offset) {
    int step = map.xx > 0 ? 1 : -1;
    // The column that the first one comes from, and which of the columns come from the image.
    int first = (step > 0 ? 0 : width - 1) + (int) map.xt;
    int from = Math.min(width, Math.max(0, step > 0 ? -first : first - width + 1));
    int to = Math.max(from, Math.min(width, step > 0 ? width - first : first + 1));
    int stride = step * channels;
    for (int y = 0; y < height; y++) {
      int sourceY = y + (int) map.yt;
      boolean inside = sourceY >= 0 && sourceY < height && from < to;
      for (int channel = 0; channel < channels; channel++) {
        float[] table = values[channel];
        int out = offset + (channel * height + y) * width;
        if (!inside) {
          Arrays.fill(target, out, out + width, table[0]);
          continue;
        }
        Arrays.fill(target, out, out + from, table[0]);
        int in = (sourceY * width + first + step * from) * channels + channel;
        for (int x = from; x < to; x++) {
          target[out + x] = table[source[in] & 0xFF];
          in += stride;
        }
        Arrays.fill(target, out + to, out + width, table[0]);
      }
    }
  }

  private void copyMoved(int xt, int yt, byte[] source, byte[] target) {
    int from = Math.min(width, Math.max(0, -xt));
    int to = Math.max(from, Math.min(width, width - xt));
    for (int y = 0; y < height; y++) {
      int row = y * width * channels;
      int sourceY = y + yt;
      if (sourceY < 0 || sourceY >= height || from == to) {
        Arrays.fill(target, row, row + width * channels, (byte) 0);
        continue;
      }
      Arrays.fill(target, row, row + from * channels, (byte) 0);
      System.arraycopy(
          source,
          (sourceY * width + from + xt) * channels,
          target,
          row + from * channels,
          (to - from) * channels);
      Arrays.fill(target, row + to * channels, row + width * channels, (byte) 0);
    }
  }

  private void copyMirrored(int xt, int yt, byte[] source, byte[] target) {
    for (int y = 0; y < height; y++) {
      int out = y * width * channels;
      int sourceY = y + yt;
      for (int x = 0; x < width; x++) {
        int sourceX = width - 1 - x + xt;
        boolean inside = sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width;
        int in = (sourceY * width + sourceX) * channels;
        for (int channel = 0; channel < channels; channel++) {
          target[out++] = inside ? source[in + channel] : 0;
        }
      }
    }
  }

  /** Bilinear, with weights of 1/256; what is outside the image is 0. */
  private void interpolate(AffineMap map, byte[] source, byte[] target) {
    double centreX = (width - 1) / 2.0;
    double centreY = (height - 1) / 2.0;
    int out = 0;
    for (int y = 0; y < height; y++) {
      double rowX = map.xy * (y - centreY) + map.xt + centreX;
      double rowY = map.yy * (y - centreY) + map.yt + centreY;
      for (int x = 0; x < width; x++) {
        double sourceX = rowX + map.xx * (x - centreX);
        double sourceY = rowY + map.yx * (x - centreX);
        int left = (int) Math.floor(sourceX);
        int top = (int) Math.floor(sourceY);
        int right = (int) ((sourceX - left) * 256);
        int bottom = (int) ((sourceY - top) * 256);
        boolean inside = left >= 0 && top >= 0 && left < width - 1 && top < height - 1;
        for (int channel = 0; channel < channels; channel++) {
          target[out++] =
              inside
                  ? blend(source, (top * width + left) * channels + channel, right, bottom)
                  : blendAtEdge(source, left, top, channel, right, bottom);
        }
      }
    }
  }

  private byte blend(byte[] source, int at, int right, int bottom) {
    int below = at + width * channels;
    int upper = (source[at] & 0xFF) * (256 - right) + (source[at + channels] & 0xFF) * right;
    int lower = (source[below] & 0xFF) * (256 - right) + (source[below + channels] & 0xFF) * right;
    return (byte) ((upper * (256 - bottom) + lower * bottom + (1 << 15)) >> 16);
  }

  private byte blendAtEdge(byte[] source, int left, int top, int channel, int right, int bottom) {
    int upper = value(source, left, top, channel) * (256 - right);
    upper += value(source, left + 1, top, channel) * right;
    int lower = value(source, left, top + 1, channel) * (256 - right);
    lower += value(source, left + 1, top + 1, channel) * right;
    return (byte) ((upper * (256 - bottom) + lower * bottom + (1 << 15)) >> 16);
  }

  private int value(byte[] source, int x, int y, int channel) {
    return x < 0 || y < 0 || x >= width || y >= height
        ? 0
        : source[(y * width + x) * channels + channel] & 0xFF;
  }
}
