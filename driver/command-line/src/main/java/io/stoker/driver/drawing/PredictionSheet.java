// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.image.Pixels;
import io.stoker.driver.command.Line;
import io.stoker.driver.evaluate.Prediction;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** Predictions as one picture: a row an image, with bars for its most probable classes. */
public final class PredictionSheet {
  private static final int SIDE = 168;
  private static final int MARGIN = 16;
  private static final int ROW = SIDE + MARGIN;
  private static final int WIDTH = 560;
  private static final int NAME_WIDTH = 110;
  private static final int NUMBER_WIDTH = 75;
  private static final int LINE = 26;
  private static final Color INK = new Color(0x22, 0x22, 0x22);
  private static final Color BEST = new Color(0xd9, 0x53, 0x19);
  private static final Color OTHER = new Color(0xbb, 0xc4, 0xcc);

  private PredictionSheet() {}

  /**
   * Checks that a sheet is not too large to be drawn.
   *
   * @param images how many images it shows
   * @throws io.stoker.failure.InputException if it is
   */
  public static void requireDrawable(int images) {
    ImageDrawing.requireDrawable(WIDTH, height(images));
  }

  private static long height(int images) {
    return images * (long) ROW + MARGIN;
  }

  /** An image as the sheet shows it. */
  public static BufferedImage thumbnail(Pixels image) {
    return Thumbnail.within(image, SIDE);
  }

  /**
   * Draws the sheet.
   *
   * @param predictions what the network said of each image
   * @param thumbnails the images, in the same order
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, because it finds no
   *     font
   */
  public static BufferedImage draw(List<Prediction> predictions, List<BufferedImage> thumbnails) {
    return ImageDrawing.draw(
        WIDTH,
        height(predictions.size()),
        graphics -> {
          for (int i = 0; i < predictions.size(); i++) {
            int top = MARGIN + i * ROW;
            image(graphics, thumbnails.get(i), top);
            bars(graphics, predictions.get(i).classes(), top);
          }
        });
  }

  private static void image(Graphics2D graphics, BufferedImage image, int top) {
    double scale = (double) SIDE / Math.max(image.getWidth(), image.getHeight());
    int width = (int) Math.max(1, Math.round(image.getWidth() * scale));
    int height = (int) Math.max(1, Math.round(image.getHeight() * scale));
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
          Line.percent(candidate.probability()), barLeft + length + 8, y + LINE - 8);
    }
  }
}
