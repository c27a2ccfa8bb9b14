// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import com.google.protobuf.ByteString;
import io.stoker.base.Division;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import javax.imageio.ImageIO;
import org.tensorflow.proto.framework.Summary;

/** Images in summaries for TensorBoard. */
final class Images {
  private static final int RGB = 3;
  private static final int COLUMNS = 5;
  private static final int GAP = 2;

  private Images() {}

  /** Makes the summary value of an image. */
  static Summary.Value value(String tag, BufferedImage picture) {
    ByteString.Output png = ByteString.newOutput();
    try {
      ImageIO.write(picture, "png", png);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Summary.Value.newBuilder()
        .setTag(tag)
        .setImage(
            Summary.Image.newBuilder()
                .setHeight(picture.getHeight())
                .setWidth(picture.getWidth())
                .setColorspace(RGB)
                .setEncodedImageString(png.toByteString()))
        .build();
  }

  /** Draws images of one size in a grid. */
  static BufferedImage grid(List<BufferedImage> images) {
    int width = images.get(0).getWidth() + GAP;
    int height = images.get(0).getHeight() + GAP;
    int columns = Math.min(COLUMNS, images.size());
    int rows = Division.ceiling(images.size(), columns);
    BufferedImage grid =
        new BufferedImage(columns * width, rows * height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = grid.createGraphics();
    for (int i = 0; i < images.size(); i++) {
      graphics.drawImage(images.get(i), i % columns * width, i / columns * height, null);
    }
    graphics.dispose();
    return grid;
  }
}
