// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.awt.Canvas;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Draws pictures with text on a white background. */
final class ImageDrawing {
  /** The size of the text. */
  static final int TEXT = 15;

  /** Larger pictures take gigabytes to draw, and few programs show them. */
  private static final long MAXIMUM_PIXELS = 100_000_000;

  /** No longer text fits a picture; each try to cut one measures all of it. */
  private static final int LONGEST = 500;

  private ImageDrawing() {}

  /**
   * Checks the size of a picture, before the work that it is to show.
   *
   * @param width in pixels
   * @param height in pixels
   * @throws InputException if the picture has too many pixels
   */
  static void requireDrawable(long width, long height) {
    Check.input(
        width <= MAXIMUM_PIXELS && height <= MAXIMUM_PIXELS / width,
        "Cannot draw a picture of %d x %d pixels (at most %d in all; ask for fewer images at a"
            + " time)",
        width,
        height,
        MAXIMUM_PIXELS);
  }

  /**
   * Draws a picture.
   *
   * @param width in pixels
   * @param height in pixels
   * @param painter draws the content
   * @throws InputException if the picture has too many pixels
   * @throws ResourceException if Java finds no font to draw text with
   */
  static BufferedImage draw(long width, long height, Consumer<Graphics2D> painter) {
    requireDrawable(width, height);
    return withFonts(
        () -> {
          BufferedImage picture =
              new BufferedImage((int) width, (int) height, BufferedImage.TYPE_INT_RGB);
          Graphics2D graphics = picture.createGraphics();
          graphics.setColor(Color.WHITE);
          graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
          graphics.setRenderingHint(
              RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
          graphics.setFont(font());
          graphics.setColor(Color.BLACK);
          painter.accept(graphics);
          graphics.dispose();
          return picture;
        });
  }

  private static Font font() {
    return new Font(Font.SANS_SERIF, Font.PLAIN, TEXT);
  }

  /**
   * The width of the longest of some texts, in pixels.
   *
   * @throws ResourceException if Java finds no font to draw text with
   */
  static int longest(List<String> texts) {
    return withFonts(
        () -> {
          FontMetrics metrics = new Canvas().getFontMetrics(font());
          return texts.stream().mapToInt(metrics::stringWidth).max().orElse(0);
        });
  }

  private static <T> T withFonts(Supplier<T> drawing) {
    try {
      return drawing.get();
    } catch (StokerException e) {
      throw e;
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What Java throws where there is no font, or no library to draw with it.
      throw new ResourceException(
          "Cannot draw the names of classes: this machine has no fonts (install fontconfig and"
              + " fonts-dejavu-core, or similar packages)",
          e);
    }
  }

  /** Shortens a text to a width, with an ellipsis at its end. */
  static String clip(Graphics2D graphics, String text, int width) {
    String clipped = text.length() > LONGEST ? text.substring(0, LONGEST) : text;
    for (int end = clipped.length();
        end > 0 && graphics.getFontMetrics().stringWidth(clipped) > width; ) {
      end = text.offsetByCodePoints(end, -1);
      clipped = text.substring(0, end) + '\u2026';
    }
    return clipped;
  }
}
