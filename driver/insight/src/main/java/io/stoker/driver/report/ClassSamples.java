// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Finds an image of each class in the train split. */
public final class ClassSamples {
  private static final String SPLIT = "train";

  /** Where to stop looking for an image of a rare class. */
  private static final int MAXIMUM_BLOCKS = 32;

  private ClassSamples() {}

  /**
   * An image of a class.
   *
   * @param name the class
   * @param path the image's file, relative to the input of prepare
   * @param image its pixels
   */
  public record Sample(String name, String path, Pixels image) {
    /** Converts the image to one that Java can draw; grey images become RGB. */
    public BufferedImage draw() {
      ImageShape shape = image.shape();
      BufferedImage drawn =
          new BufferedImage(shape.width(), shape.height(), BufferedImage.TYPE_INT_RGB);
      for (int i = 0; i < shape.area(); i++) {
        int rgb = 0;
        for (int channel = 0; channel < 3; channel++) {
          int at = i * shape.channels() + Math.min(channel, shape.channels() - 1);
          rgb = rgb << 8 | Byte.toUnsignedInt(image.values()[at]);
        }
        drawn.setRGB(i % shape.width(), i / shape.width(), rgb);
      }
      return drawn;
    }
  }

  /**
   * Finds the first image of each class, in label order. Rare classes may be missing.
   *
   * @param folder the data
   * @param classes the number of classes at most; the first ones are taken
   */
  public static List<Sample> of(ShardFolder folder, int classes) {
    ShardManifest manifest = folder.manifest();
    int wanted = Math.min(classes, manifest.classes());
    Map<Integer, Sample> found = new TreeMap<>();
    int blocks = Math.min(MAXIMUM_BLOCKS, manifest.split(SPLIT).blockRows().length);
    for (int index = 0; index < blocks && found.size() < wanted; index++) {
      ShardBlock block = read(folder, SPLIT, index);
      for (int row = 0; row < block.rows() && found.size() < wanted; row++) {
        if (block.label(row) < wanted && !found.containsKey(block.label(row))) {
          found.put(block.label(row), sample(folder, block, row));
        }
      }
    }
    return List.copyOf(found.values());
  }

  static ShardBlock read(ShardFolder folder, String split, int block) {
    try {
      return folder.readBlock(split, block);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the shards in " + folder.path(), e);
    }
  }

  static Sample sample(ShardFolder folder, ShardBlock block, int row) {
    return new Sample(
        folder.manifest().classNames().get(block.label(row)), block.path(row), block.pixels(row));
  }
}
