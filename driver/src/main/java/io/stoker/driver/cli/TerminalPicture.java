package io.stoker.driver.cli;

import io.stoker.data.image.Pixels;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Draws an image as lines of text, two rows of pixels for each line: coloured half blocks on a
 * terminal, characters of different density elsewhere.
 */
final class TerminalPicture {
  /** The control sequences of {@link #colored}, which a terminal may see as they are. */
  static final Pattern COLOR =
      Pattern.compile("\u001b\\[(0|38;2(;[0-9]{1,3}){3};48;2(;[0-9]{1,3}){3})m");

  private static final int MAXIMUM_COLUMNS = 64;
  private static final String SHADES = " .:-=+*#%@";
  private static final char UPPER_HALF = '\u2580';
  private static final String RESET = "\u001b[0m";

  private TerminalPicture() {}

  /** Half blocks in 24-bit colour: the upper pixel is the foreground, the lower the background. */
  static List<String> colored(Pixels image) {
    int[][] pixels = fit(image);
    List<String> lines = new ArrayList<>();
    for (int y = 0; y + 1 < pixels.length; y += 2) {
      StringBuilder line = new StringBuilder();
      for (int x = 0; x < pixels[y].length; x++) {
        line.append("\u001b[38;2;")
            .append(rgb(pixels[y][x]))
            .append(";48;2;")
            .append(rgb(pixels[y + 1][x]))
            .append('m')
            .append(UPPER_HALF);
      }
      lines.add(line.append(RESET).toString());
    }
    return lines;
  }

  /** Ten shades, from a blank for black to an at sign for white. */
  static List<String> plain(Pixels image) {
    int[][] pixels = fit(image);
    List<String> lines = new ArrayList<>();
    for (int y = 0; y + 1 < pixels.length; y += 2) {
      StringBuilder line = new StringBuilder();
      for (int x = 0; x < pixels[y].length; x++) {
        int brightness = brightness(pixels[y][x]) + brightness(pixels[y + 1][x]);
        line.append(SHADES.charAt(brightness * SHADES.length() / (2 * 255 + 1)));
      }
      lines.add(line.toString());
    }
    return lines;
  }

  /** The image as 0xRRGGBB with an even number of rows, averaged down to the width that fits. */
  private static int[][] fit(Pixels image) {
    int height = image.shape().height();
    int width = image.shape().width();
    int columns = Math.min(MAXIMUM_COLUMNS, width);
    int rows = Math.max(2, (int) Math.round((double) height * columns / width) / 2 * 2);
    int[][] pixels = new int[rows][columns];
    for (int y = 0; y < rows; y++) {
      for (int x = 0; x < columns; x++) {
        pixels[y][x] =
            mean(
                image,
                (int) ((long) y * height / rows),
                (int) ((long) (y + 1) * height / rows),
                (int) ((long) x * width / columns),
                (int) ((long) (x + 1) * width / columns));
      }
    }
    return pixels;
  }

  private static int mean(Pixels image, int top, int bottom, int left, int right) {
    int channels = image.shape().channels();
    int bottomRow = Math.max(bottom, top + 1);
    int rightColumn = Math.max(right, left + 1);
    int rgb = 0;
    for (int channel = 0; channel < 3; channel++) {
      long sum = 0;
      for (int y = top; y < bottomRow; y++) {
        for (int x = left; x < rightColumn; x++) {
          int at = (y * image.shape().width() + x) * channels + Math.min(channel, channels - 1);
          sum += Byte.toUnsignedInt(image.values()[at]);
        }
      }
      rgb = rgb << 8 | (int) (sum / ((long) (bottomRow - top) * (rightColumn - left)));
    }
    return rgb;
  }

  private static String rgb(int pixel) {
    return (pixel >> 16 & 255) + ";" + (pixel >> 8 & 255) + ";" + (pixel & 255);
  }

  /** Luma of ITU-R BT.601, 0 to 255. */
  private static int brightness(int pixel) {
    return (299 * (pixel >> 16 & 255) + 587 * (pixel >> 8 & 255) + 114 * (pixel & 255)) / 1000;
  }
}
