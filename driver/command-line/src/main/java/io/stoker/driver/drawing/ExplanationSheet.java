// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.driver.command.Line;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.explain.Explanation;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.stream.Collectors;

/** An explanation as a picture: the image, and each map laid over it. */
public final class ExplanationSheet {
  private static final int SIDE = 224;
  private static final int MARGIN = 12;

  private ExplanationSheet() {}

  /**
   * Draws the sheet.
   *
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, because it finds no
   *     font
   */
  public static BufferedImage draw(Explanation explanation) {
    BufferedImage image = Thumbnail.whole(explanation.image());
    BufferedImage[] panels = {
      image,
      overlaid(image, explanation.gradCam()),
      overlaid(image, explanation.occlusion()),
      overlaid(image, explanation.inputGradient())
    };
    String[] titles = {"image", "Grad-CAM", "occlusion", "input gradient"};
    int top = 2 * MARGIN + 3 * ImageDrawing.TEXT;
    return ImageDrawing.draw(
        MARGIN + panels.length * (SIDE + MARGIN),
        top + SIDE + MARGIN,
        graphics -> {
          graphics.drawString(
              classes(explanation.prediction()), MARGIN, MARGIN + ImageDrawing.TEXT);
          for (int i = 0; i < panels.length; i++) {
            int left = MARGIN + i * (SIDE + MARGIN);
            graphics.drawString(titles[i], left, top - MARGIN / 2);
            graphics.drawImage(panels[i], left, top, SIDE, SIDE, null);
          }
        });
  }

  private static String classes(Prediction prediction) {
    return prediction.classes().stream()
        .map(each -> Line.of("%s %.1f %%", each.name(), 100 * each.probability()))
        .collect(Collectors.joining(", "));
  }

  /** The image in grey; the map covers it with a colour: none at 0, red at 2/3, yellow at 1. */
  private static BufferedImage overlaid(BufferedImage image, float[] map) {
    int width = image.getWidth();
    BufferedImage result = new BufferedImage(width, image.getHeight(), BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < map.length; i++) {
      Color color = new Color(image.getRGB(i % width, i / width));
      float grey = (0.3f * color.getRed() + 0.6f * color.getGreen() + 0.1f * color.getBlue()) / 255;
      float heat = map[i];
      float cover = Math.min(1, 1.5f * heat);
      result.setRGB(
          i % width,
          i / width,
          new Color(
                  mixed(grey, 1, cover),
                  mixed(grey, Math.max(0, 2 * heat - 1), cover),
                  mixed(grey, 0, cover))
              .getRGB());
    }
    return result;
  }

  private static float mixed(float below, float above, float cover) {
    return below * (1 - cover) + above * cover;
  }
}
