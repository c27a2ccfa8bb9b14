// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.base.Division;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;

/**
 * Filters of a convolution over an image. It owns its array.
 *
 * @param count how many there are
 * @param channels 1 or 3; of others the first is drawn
 * @param kernel height and width of each
 * @param weights {@code [count, channels, kernel, kernel]}
 */
@SuppressWarnings("ArrayRecordComponent") // No code changes the array.
public record ImageFilters(int count, int channels, int kernel, float[] weights) {
  private static final int SIDE = 56;
  private static final int GAP = 4;

  /** Draws them in a near square; each from its own least (black) to its greatest value (white). */
  public BufferedImage draw() {
    int columns = (int) Math.ceil(Math.sqrt(count * 2.0));
    int rows = Division.ceiling(count, columns);
    int scale = Math.max(1, SIDE / kernel);
    int cell = kernel * scale + GAP;
    BufferedImage picture =
        new BufferedImage(columns * cell + GAP, rows * cell + GAP, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = picture.createGraphics();
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, picture.getWidth(), picture.getHeight());
    for (int filter = 0; filter < count; filter++) {
      graphics.drawImage(
          draw(filter),
          GAP + filter % columns * cell,
          GAP + filter / columns * cell,
          kernel * scale,
          kernel * scale,
          null);
    }
    graphics.dispose();
    return picture;
  }

  private BufferedImage draw(int filter) {
    int area = kernel * kernel;
    int from = filter * channels * area;
    float least = Float.POSITIVE_INFINITY;
    float greatest = Float.NEGATIVE_INFINITY;
    for (int i = from; i < from + channels * area; i++) {
      least = Math.min(least, weights[i]);
      greatest = Math.max(greatest, weights[i]);
    }
    float range = greatest > least ? greatest - least : 1;
    BufferedImage image = new BufferedImage(kernel, kernel, BufferedImage.TYPE_INT_RGB);
    for (int i = 0; i < area; i++) {
      int rgb = 0;
      for (int color = 0; color < 3; color++) {
        float weight = weights[from + (channels == 3 ? color : 0) * area + i];
        rgb = rgb << 8 | Math.round(255 * (weight - least) / range);
      }
      image.setRGB(i % kernel, i / kernel, rgb);
    }
    return image;
  }
}
