// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.image.Pixels;
import io.stoker.driver.command.Line;
import io.stoker.driver.explain.Neighbours;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/**
 * Images and their nearest samples as a picture: one row per image, the nearest sample first, as in
 * figure 4 of the AlexNet paper (Krizhevsky et al., 2012).
 */
public final class NeighbourSheet {
  private static final int SIDE = 112;
  private static final int GAP = 10;
  private static final int ROW = SIDE + 3 * ImageDrawing.TEXT + GAP;

  /** Pixels between an image and its neighbours. */
  private static final int APART = 24;

  private NeighbourSheet() {}

  /**
   * Checks that a sheet is not too large to be drawn.
   *
   * @param images how many images it shows
   * @param neighbours of each image
   * @throws io.stoker.failure.InputException if it is
   */
  public static void requireDrawable(int images, int neighbours) {
    ImageDrawing.requireDrawable(width(neighbours), height(images));
  }

  private static long width(int neighbours) {
    return GAP + SIDE + APART + neighbours * (long) (SIDE + GAP);
  }

  private static long height(int images) {
    return GAP + images * (long) ROW;
  }

  /**
   * Draws the sheet.
   *
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, because it finds no
   *     font
   */
  public static BufferedImage draw(List<Neighbours> all) {
    int most = all.stream().mapToInt(each -> each.samples().size()).max().orElse(0);
    return ImageDrawing.draw(
        width(most),
        height(all.size()),
        graphics -> {
          for (int i = 0; i < all.size(); i++) {
            row(graphics, all.get(i), GAP + i * ROW);
          }
        });
  }

  private static void row(Graphics2D graphics, Neighbours neighbours, int top) {
    String name = neighbours.image().substring(neighbours.image().lastIndexOf('/') + 1);
    cell(graphics, neighbours.pixels(), GAP, top, name, "");
    for (int i = 0; i < neighbours.samples().size(); i++) {
      Neighbours.Sample sample = neighbours.samples().get(i);
      cell(
          graphics,
          sample.pixels(),
          GAP + SIDE + APART + i * (SIDE + GAP),
          top,
          sample.className(),
          Line.of("%.2f", sample.distance()));
    }
  }

  private static void cell(
      Graphics2D graphics, Pixels pixels, int left, int top, String title, String below) {
    graphics.drawImage(Thumbnail.whole(pixels), left, top, SIDE, SIDE, null);
    int line = top + SIDE + ImageDrawing.TEXT;
    graphics.drawString(ImageDrawing.clip(graphics, title, SIDE), left, line);
    graphics.drawString(below, left, line + ImageDrawing.TEXT + 2);
  }
}
