// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.augment;

import io.stoker.data.image.ImageShape;
import java.util.Arrays;

/**
 * Moves the pixels of uint8 images {@code [height, width, channels]} along an affine map, into
 * images of another height and width. What is outside of the source is 0, or what the map's border
 * says. It is immutable.
 */
final class Resampler {
  private final int sourceHeight;
  private final int sourceWidth;
  private final int height;
  private final int width;
  private final int channels;

  /**
   * @param source the shape that maps were reset to
   * @param target the shape that they give
   */
  Resampler(ImageShape source, ImageShape target) {
    this.sourceHeight = source.height();
    this.sourceWidth = source.width();
    this.height = target.height();
    this.width = target.width();
    this.channels = target.channels();
  }

  /** Fills the target; source and target are different arrays. */
  void apply(AffineMap map, byte[] source, byte[] target) {
    if (map.isExact()) {
      copy(map, source, target);
      if (map.isReflected()) {
        reflect(
            map,
            (in, out) -> System.arraycopy(source, in * channels, target, out * channels, channels));
      }
    } else {
      interpolate(map, source, target);
    }
  }

  /** Maps an image, and takes each pixel from the nearest one of the source. */
  void nearest(AffineMap map, byte[] source, byte[] target) {
    if (map.isExact()) {
      copy(map, source, target);
      return;
    }
    int out = 0;
    for (int y = 0; y < height; y++) {
      double down = y - (height - 1) / 2.0;
      double rowX = map.xy * down + map.xt + (sourceWidth - 1) / 2.0;
      double rowY = map.yy * down + map.yt + (sourceHeight - 1) / 2.0;
      for (int x = 0; x < width; x++) {
        double right = x - (width - 1) / 2.0;
        int sourceX = (int) Math.rint(rowX + map.xx * right);
        int sourceY = (int) Math.rint(rowY + map.yx * right);
        for (int channel = 0; channel < channels; channel++) {
          target[out++] = (byte) value(map, source, sourceX, sourceY, channel);
        }
      }
    }
  }

  /** The columns {@code [from, to)} of the target that come from inside the source. */
  private int from(int step, int first) {
    int outside = step > 0 ? -first : first - sourceWidth + 1;
    return Math.min(width, Math.max(0, outside));
  }

  private int to(int step, int first) {
    int inside = step > 0 ? sourceWidth - first : first + 1;
    return Math.max(from(step, first), Math.min(width, inside));
  }

  /**
   * Moves pixels by whole steps, along a map that is exact, and gives each value the number that a
   * table has for it.
   *
   * @param target receives {@code [channels, height, width]} from the offset on
   */
  void applyExact(AffineMap map, byte[] source, float[][] values, float[] target, int offset) {
    int step = map.xx > 0 ? 1 : -1;
    int first = (int) map.firstColumn();
    int from = from(step, first);
    int to = to(step, first);
    int firstRow = (int) map.firstRow();
    int top = Math.min(height, Math.max(0, -firstRow));
    int bottom = from == to ? top : Math.max(top, Math.min(height, sourceHeight - firstRow));
    // Rows of one length are one run: columns outside of the source receive pixels of the
    // neighbouring row, and are blackened below.
    int rowsOfRun = step > 0 && sourceWidth == width ? bottom - top : 1;
    for (int y = top; y < bottom; y += rowsOfRun) {
      int in = ((y + firstRow) * sourceWidth + first + step * from) * channels;
      int count = (rowsOfRun - 1) * width + to - from;
      int out = offset + y * width + from;
      toFloats(source, in, step, channels, values, target, out, height * width, count);
    }
    for (int channel = 0; channel < channels; channel++) {
      int plane = offset + channel * height * width;
      if (map.isReflected()) {
        float[] table = values[channel];
        int at = channel;
        reflect(map, (in, out) -> target[plane + out] = table[source[in * channels + at] & 0xFF]);
      } else {
        blacken(target, plane, top, bottom, from, to, values[channel][0]);
      }
    }
  }

  /**
   * Gives one value to the part of a plane that the image does not cover. Left and right of it are
   * mostly a few columns: a loop is quicker there than a call of {@link Arrays#fill}.
   */
  private void blacken(
      float[] target, int plane, int top, int bottom, int from, int to, float black) {
    Arrays.fill(target, plane, plane + top * width, black);
    Arrays.fill(target, plane + bottom * width, plane + height * width, black);
    if (from == 0 && to == width) {
      return;
    }
    for (int y = top; y < bottom; y++) {
      int row = plane + y * width;
      for (int x = 0; x < from; x++) {
        target[row + x] = black;
      }
      for (int x = to; x < width; x++) {
        target[row + x] = black;
      }
    }
  }

  /**
   * Gives each value of an image the number that a table has for it.
   *
   * @param pixels {@code [height, width, channels]} of a shape
   * @param target receives {@code [channels, height, width]} from the offset on
   */
  static void toPlanes(
      byte[] pixels, ImageShape shape, float[][] values, float[] target, int offset) {
    toFloats(pixels, 0, 1, shape.channels(), values, target, offset, shape.area(), shape.area());
  }

  /**
   * Takes neighbouring pixels apart. Next to the codec, this takes the most time: steps that are
   * constants let the compiler leave out the checks of the index.
   */
  private static void toFloats(
      byte[] source,
      int in,
      int step,
      int channels,
      float[][] values,
      float[] target,
      int out,
      int plane,
      int count) {
    if (channels == 1) {
      float[] gray = values[0];
      if (step > 0) {
        for (int i = 0; i < count; i++) {
          target[out + i] = gray[source[in + i] & 0xFF];
        }
      } else {
        for (int i = 0; i < count; i++) {
          target[out + i] = gray[source[in - i] & 0xFF];
        }
      }
      return;
    }
    float[] red = values[0];
    float[] green = values[1];
    float[] blue = values[2];
    int second = out + plane;
    int third = second + plane;
    if (step > 0) {
      for (int i = 0; i < count; i++) {
        target[out + i] = red[source[in + 3 * i] & 0xFF];
        target[second + i] = green[source[in + 3 * i + 1] & 0xFF];
        target[third + i] = blue[source[in + 3 * i + 2] & 0xFF];
      }
    } else {
      for (int i = 0; i < count; i++) {
        target[out + i] = red[source[in - 3 * i] & 0xFF];
        target[second + i] = green[source[in - 3 * i + 1] & 0xFF];
        target[third + i] = blue[source[in - 3 * i + 2] & 0xFF];
      }
    }
  }

  /** Sets one pixel of the target, of a number, to one of the source. */
  private interface PixelCopy {
    void copy(int in, int out);
  }

  /**
   * Mirrors the source into the part of the target that it does not cover, along a map that is
   * exact.
   */
  private void reflect(AffineMap map, PixelCopy pixels) {
    int step = map.xx > 0 ? 1 : -1;
    int first = (int) map.firstColumn();
    int from = from(step, first);
    int to = to(step, first);
    for (int y = 0; y < height; y++) {
      int sourceY = y + (int) map.firstRow();
      int row = Border.reflected(sourceY, sourceHeight) * sourceWidth;
      boolean inside = sourceY >= 0 && sourceY < sourceHeight;
      for (int x = 0; x < (inside ? from : width); x++) {
        pixels.copy(row + Border.reflected(first + step * x, sourceWidth), y * width + x);
      }
      for (int x = inside ? to : width; x < width; x++) {
        pixels.copy(row + Border.reflected(first + step * x, sourceWidth), y * width + x);
      }
    }
  }

  private void copy(AffineMap map, byte[] source, byte[] target) {
    int step = map.xx > 0 ? 1 : -1;
    int first = (int) map.firstColumn();
    int from = from(step, first);
    int to = to(step, first);
    for (int y = 0; y < height; y++) {
      int row = y * width * channels;
      int sourceY = y + (int) map.firstRow();
      if (sourceY < 0 || sourceY >= sourceHeight || from == to) {
        Arrays.fill(target, row, row + width * channels, (byte) 0);
        continue;
      }
      Arrays.fill(target, row, row + from * channels, (byte) 0);
      int in = (sourceY * sourceWidth + first + step * from) * channels;
      if (step > 0) {
        System.arraycopy(source, in, target, row + from * channels, (to - from) * channels);
      } else {
        copyMirrored(source, in, target, row + from * channels, row + to * channels);
      }
      Arrays.fill(target, row + to * channels, row + width * channels, (byte) 0);
    }
  }

  private void copyMirrored(byte[] source, int first, byte[] target, int from, int to) {
    int in = first;
    for (int out = from; out < to; out += channels) {
      for (int channel = 0; channel < channels; channel++) {
        target[out + channel] = source[in + channel];
      }
      in -= channels;
    }
  }

  /** Bilinear, with weights of 1/256. */
  private void interpolate(AffineMap map, byte[] source, byte[] target) {
    double sourceCentreX = (sourceWidth - 1) / 2.0;
    double sourceCentreY = (sourceHeight - 1) / 2.0;
    double centreX = (width - 1) / 2.0;
    double centreY = (height - 1) / 2.0;
    int out = 0;
    for (int y = 0; y < height; y++) {
      double rowX = map.xy * (y - centreY) + map.xt + sourceCentreX;
      double rowY = map.yy * (y - centreY) + map.yt + sourceCentreY;
      for (int x = 0; x < width; x++) {
        double sourceX = rowX + map.xx * (x - centreX);
        double sourceY = rowY + map.yx * (x - centreX);
        int left = (int) Math.floor(sourceX);
        int top = (int) Math.floor(sourceY);
        int right = (int) ((sourceX - left) * 256);
        int bottom = (int) ((sourceY - top) * 256);
        boolean inside = left >= 0 && top >= 0 && left < sourceWidth - 1 && top < sourceHeight - 1;
        for (int channel = 0; channel < channels; channel++) {
          target[out++] =
              inside
                  ? blend(source, (top * sourceWidth + left) * channels + channel, right, bottom)
                  : blendAtEdge(map, source, left, top, channel, right, bottom);
        }
      }
    }
  }

  private byte blend(byte[] source, int at, int right, int bottom) {
    int below = at + sourceWidth * channels;
    int upper = (source[at] & 0xFF) * (256 - right) + (source[at + channels] & 0xFF) * right;
    int lower = (source[below] & 0xFF) * (256 - right) + (source[below + channels] & 0xFF) * right;
    return (byte) ((upper * (256 - bottom) + lower * bottom + (1 << 15)) >> 16);
  }

  private byte blendAtEdge(
      AffineMap map, byte[] source, int left, int top, int channel, int right, int bottom) {
    int upper = value(map, source, left, top, channel) * (256 - right);
    upper += value(map, source, left + 1, top, channel) * right;
    int lower = value(map, source, left, top + 1, channel) * (256 - right);
    lower += value(map, source, left + 1, top + 1, channel) * right;
    return (byte) ((upper * (256 - bottom) + lower * bottom + (1 << 15)) >> 16);
  }

  private int value(AffineMap map, byte[] source, int x, int y, int channel) {
    if (map.isReflected()) {
      int row = Border.reflected(y, sourceHeight) * sourceWidth;
      return source[(row + Border.reflected(x, sourceWidth)) * channels + channel] & 0xFF;
    }
    return x < 0 || y < 0 || x >= sourceWidth || y >= sourceHeight
        ? 0
        : source[(y * sourceWidth + x) * channels + channel] & 0xFF;
  }
}
