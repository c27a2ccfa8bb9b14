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
      throw new IllegalStateException("no augmentation yields such a map");
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
}
