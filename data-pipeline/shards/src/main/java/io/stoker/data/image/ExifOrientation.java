// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import static java.nio.ByteOrder.BIG_ENDIAN;
import static java.nio.ByteOrder.LITTLE_ENDIAN;

import java.util.Set;

/**
 * How a camera was held, as EXIF data say (EXIF 2.32, tag 0x0112): 1 is upright, 2 to 8 are
 * mirrored or turned.
 */
final class ExifOrientation {
  static final int UPRIGHT = 1;

  /** Orientations that turn the stored image's columns around. */
  private static final Set<Integer> MIRRORED_X = Set.of(2, 3, 7, 8);

  /** Orientations that turn the stored image's rows around. */
  private static final Set<Integer> MIRRORED_Y = Set.of(3, 4, 6, 7);

  private static final int TAG = 0x0112;
  private static final int ENTRY_BYTES = 12;

  private ExifOrientation() {}

  /**
   * The orientation that a TIFF structure tells in its first directory (TIFF 6.0, section 2);
   * upright if it says nothing sensible, as viewers do: broken EXIF data do not make a broken
   * image.
   *
   * @param file that holds the structure
   * @param start of the structure
   * @param end of the structure
   */
  static int of(FileBytes file, int start, int end) {
    boolean little = file.hasText(start, "II");
    if (start > end || !(little || file.hasText(start, "MM"))) {
      return UPRIGHT;
    }
    FileBytes tiff = file.part(start, end, little ? LITTLE_ENDIAN : BIG_ENDIAN);
    try {
      long directory = tiff.unsignedInt(4);
      int entry = tiff.require(directory, 2);
      int count = tiff.unsignedShort(entry - 2);
      for (int i = 0; i < count; i++, entry += ENTRY_BYTES) {
        if (tiff.unsignedShort(entry) == TAG) {
          int value = tiff.unsignedShort(entry + 8);
          return value >= 1 && value <= 8 ? value : UPRIGHT;
        }
      }
      return UPRIGHT;
    } catch (UnreadableImageException e) {
      return UPRIGHT;
    }
  }

  /** Whether the height of the stored image is the width of the upright one. */
  static boolean swapsSides(int orientation) {
    return orientation >= 5;
  }

  /** Whether the first row of the upright image is the last row or column of the stored one. */
  static boolean mirrorsRows(int orientation) {
    return (swapsSides(orientation) ? MIRRORED_X : MIRRORED_Y).contains(orientation);
  }

  /** Whether the first column of the upright image is the last row or column of the stored one. */
  static boolean mirrorsColumns(int orientation) {
    return (swapsSides(orientation) ? MIRRORED_Y : MIRRORED_X).contains(orientation);
  }

  /** Turns an image upright. */
  static Pixels upright(Pixels image, int orientation) {
    if (orientation == UPRIGHT) {
      return image;
    }
    ImageShape from = image.shape();
    boolean swapped = swapsSides(orientation);
    boolean mirrorX = MIRRORED_X.contains(orientation);
    boolean mirrorY = MIRRORED_Y.contains(orientation);
    int height = swapped ? from.width() : from.height();
    int width = swapped ? from.height() : from.width();
    ImageShape to = new ImageShape(height, width, from.channels());
    byte[] values = new byte[to.bytes()];
    int channels = from.channels();
    int out = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        // The row and column of the stored image that are shown here.
        int column = swapped ? y : x;
        int row = swapped ? x : y;
        column = mirrorX ? from.width() - 1 - column : column;
        row = mirrorY ? from.height() - 1 - row : row;
        int in = (row * from.width() + column) * channels;
        for (int channel = 0; channel < channels; channel++) {
          values[out++] = image.values()[in + channel];
        }
      }
    }
    return new Pixels(to, values);
  }
}
