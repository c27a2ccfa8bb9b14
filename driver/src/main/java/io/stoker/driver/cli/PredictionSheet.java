package io.stoker.driver.cli;

import io.stoker.data.image.Pixels;
import io.stoker.driver.evaluate.Prediction;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.util.List;

/** Predictions as one picture: a row an image, with bars for its most probable classes. */
final class PredictionSheet {
  private static final int SIDE = 168;
  private static final int MARGIN = 16;
  private static final int WIDTH = 560;
  private static final int NAME_WIDTH = 110;
  private static final int NUMBER_WIDTH = 75;
  private static final int LINE = 26;
  private static final Color INK = new Color(0x22, 0x22, 0x22);
  private static final Color BEST = new Color(0xd9, 0x53, 0x19);
  private static final Color OTHER = new Color(0xbb, 0xc4, 0xcc);

  private PredictionSheet() {}

  /**
   * Draws the sheet.
   *
   * @param predictions what was seen
   * @param images the images, in the same order
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, for want of a font
   */
  static BufferedImage draw(List<Prediction> predictions, List<Pixels> images) {
    int row = SIDE + MARGIN;
    return ImageDrawing.draw(
        WIDTH,
        predictions.size() * row + MARGIN,
        graphics -> {
          for (int i = 0; i < predictions.size(); i++) {
            int top = MARGIN + i * row;
            image(graphics, images.get(i), top);
            bars(graphics, predictions.get(i).classes(), top);
          }
        });
  }

  private static void image(Graphics2D graphics, Pixels pixels, int top) {
    BufferedImage image = toImage(pixels);
    double scale = (double) SIDE / Math.max(image.getWidth(), image.getHeight());
    int width = (int) Math.round(image.getWidth() * scale);
    int height = (int) Math.round(image.getHeight() * scale);
    // Small images keep their pixels; large ones are smoothed on the way down.
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION,
        scale >= 1
            ? RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR
            : RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(
        image, MARGIN + (SIDE - width) / 2, top + (SIDE - height) / 2, width, height, null);
  }

  private static void bars(
      Graphics2D graphics, List<Prediction.ClassProbability> classes, int top) {
    int left = SIDE + 2 * MARGIN;
    int barLeft = left + NAME_WIDTH;
    int longest = WIDTH - MARGIN - NUMBER_WIDTH - barLeft;
    for (int i = 0; i < classes.size() && (i + 1) * LINE <= SIDE; i++) {
      Prediction.ClassProbability candidate = classes.get(i);
      int y = top + i * LINE;
      int length = Math.max(2, (int) Math.round(candidate.probability() * longest));
      graphics.setColor(i == 0 ? BEST : OTHER);
      graphics.fillRect(barLeft, y + 4, length, LINE - 8);
      graphics.setColor(INK);
      graphics.drawString(
          ImageDrawing.clip(graphics, candidate.name(), NAME_WIDTH - 8), left, y + LINE - 8);
      graphics.drawString(
          "%.2f %%".formatted(100 * candidate.probability()), barLeft + length + 8, y + LINE - 8);
    }
  }

  /** An image for Java to draw. */
  static BufferedImage toImage(Pixels pixels) {
    int channels = pixels.shape().channels();
    int width = pixels.shape().width();
    BufferedImage image =
        new BufferedImage(width, pixels.shape().height(), BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < pixels.shape().area(); i++) {
      int rgb = 0;
      for (int channel = 0; channel < 3; channel++) {
        int at = i * channels + Math.min(channel, channels - 1);
        rgb = rgb << 8 | Byte.toUnsignedInt(pixels.values()[at]);
      }
      image.setRGB(i % width, i / width, rgb);
    }
    return image;
  }
}
