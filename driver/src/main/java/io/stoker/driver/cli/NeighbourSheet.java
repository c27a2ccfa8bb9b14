package io.stoker.driver.cli;

import io.stoker.data.image.Pixels;
import io.stoker.driver.explain.Neighbours;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.List;

/**
 * Images and their nearest samples as a picture: a row an image, the nearest sample first, as
 * figure 4 of the AlexNet paper (Krizhevsky et al., 2012).
 */
final class NeighbourSheet {
  private static final int SIDE = 112;
  private static final int GAP = 10;
  private static final int ROW = SIDE + 3 * ImageDrawing.TEXT + GAP;

  /** Between an image and its neighbours. */
  private static final int APART = 24;

  private NeighbourSheet() {}

  /**
   * Draws it.
   *
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, for want of a font
   */
  static BufferedImage draw(List<Neighbours> all) {
    int most = all.stream().mapToInt(each -> each.samples().size()).max().orElse(0);
    return ImageDrawing.draw(
        GAP + SIDE + APART + most * (SIDE + GAP),
        GAP + all.size() * ROW,
        graphics -> {
          for (int i = 0; i < all.size(); i++) {
            row(graphics, all.get(i), GAP + i * ROW);
          }
        });
  }

  private static void row(Graphics2D graphics, Neighbours neighbours, int top) {
    String name = Path.of(neighbours.image()).getFileName().toString();
    cell(graphics, neighbours.pixels(), GAP, top, name, "");
    for (int i = 0; i < neighbours.samples().size(); i++) {
      Neighbours.Sample sample = neighbours.samples().get(i);
      cell(
          graphics,
          sample.pixels(),
          GAP + SIDE + APART + i * (SIDE + GAP),
          top,
          sample.className(),
          "%.2f".formatted(sample.distance()));
    }
  }

  private static void cell(
      Graphics2D graphics, Pixels pixels, int left, int top, String title, String below) {
    graphics.drawImage(PredictionSheet.toImage(pixels), left, top, SIDE, SIDE, null);
    int line = top + SIDE + ImageDrawing.TEXT;
    graphics.drawString(ImageDrawing.clip(graphics, title, SIDE), left, line);
    graphics.drawString(below, left, line + ImageDrawing.TEXT + 2);
  }
}
