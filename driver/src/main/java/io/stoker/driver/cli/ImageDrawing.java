package io.stoker.driver.cli;

import io.stoker.failure.ResourceException;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.function.Consumer;

/** Draws pictures with text on a white background. */
final class ImageDrawing {
  /** The size of the text. */
  static final int TEXT = 15;

  private ImageDrawing() {}

  /**
   * Draws a picture.
   *
   * @throws ResourceException if Java finds no font to draw text with
   */
  static BufferedImage draw(int width, int height, Consumer<Graphics2D> painter) {
    try {
      BufferedImage picture = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = picture.createGraphics();
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, width, height);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setFont(new Font(Font.SANS_SERIF, Font.PLAIN, TEXT));
      graphics.setColor(Color.BLACK);
      painter.accept(graphics);
      graphics.dispose();
      return picture;
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What Java throws where there is no font, or no library to draw with it.
      throw new ResourceException(
          "Cannot draw the names of classes: this machine has no fonts (install fontconfig and"
              + " fonts-dejavu-core, or their like)",
          e);
    }
  }

  /** Shortens a text to a width, with an ellipsis at its end. */
  static String clip(Graphics2D graphics, String text, int width) {
    String clipped = text;
    while (clipped.length() > 1 && graphics.getFontMetrics().stringWidth(clipped) > width) {
      clipped = clipped.substring(0, clipped.length() - 2) + '\u2026';
    }
    return clipped;
  }
}
