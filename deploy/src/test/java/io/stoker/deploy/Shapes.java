// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;

/**
 * A small labelled collection: 28 x 28 grey pictures of bars in one of three directions, with
 * noise.
 */
final class Shapes {
  static final List<String> CLASSES = List.of("across", "down", "slanted");
  private static final int SIDE = 28;

  private Shapes() {}

  /** Writes {@code perClass} images of each class as PNG, one folder a class. */
  static void write(Path folder, int perClass) throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    for (String name : CLASSES) {
      Path target = Files.createDirectories(folder.resolve(name));
      for (int i = 0; i < perClass; i++) {
        ImageIO.write(
            draw(CLASSES.indexOf(name), random), "png", target.resolve(i + ".png").toFile());
      }
    }
  }

  private static BufferedImage draw(int kind, SplittableRandom random) {
    BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < SIDE; y++) {
      for (int x = 0; x < SIDE; x++) {
        boolean light = kind == 0 ? y < SIDE / 2 : kind == 1 ? x < SIDE / 2 : x + y < SIDE;
        image.getRaster().setSample(x, y, 0, (light ? 180 : 60) + random.nextInt(-60, 61));
      }
    }
    return image;
  }
}
