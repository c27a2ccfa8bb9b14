// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.image.Pixels;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/**
 * An image as lines of text for a terminal: half blocks in 24-bit colour, two rows of pixels a
 * line.
 */
public final class TerminalPicture {
  private static final int MAXIMUM_COLUMNS = 64;

  /** Of pixels: 48 lines of text. */
  private static final int MAXIMUM_ROWS = 96;

  private static final char UPPER_HALF = '\u2580';
  private static final String RESET = "\u001b[0m";

  private TerminalPicture() {}

  /** Lines in which the upper pixel is the foreground and the lower one the background. */
  static List<String> of(Pixels image) {
    BufferedImage small = fit(image);
    List<String> lines = new ArrayList<>();
    for (int y = 0; y + 1 < small.getHeight(); y += 2) {
      StringBuilder line = new StringBuilder();
      for (int x = 0; x < small.getWidth(); x++) {
        line.append("\u001b[38;2;")
            .append(rgb(small.getRGB(x, y)))
            .append(";48;2;")
            .append(rgb(small.getRGB(x, y + 1)))
            .append('m')
            .append(UPPER_HALF);
      }
      lines.add(line.append(RESET).toString());
    }
    return lines;
  }

  /** How many columns of the terminal a line takes. */
  static int columns(String line) {
    return (int) line.chars().filter(each -> each == UPPER_HALF).count();
  }

  /** With an even number of rows. */
  private static BufferedImage fit(Pixels image) {
    int height = image.shape().height();
    int width = image.shape().width();
    double scale =
        Math.min(1, Math.min((double) MAXIMUM_COLUMNS / width, (double) MAXIMUM_ROWS / height));
    int columns = (int) Math.max(1, Math.round(width * scale));
    int rows = (int) Math.max(2, Math.round(height * scale) / 2 * 2);
    return Thumbnail.of(image, columns, rows);
  }

  private static String rgb(int pixel) {
    return (pixel >> 16 & 255) + ";" + (pixel >> 8 & 255) + ";" + (pixel & 255);
  }
}
