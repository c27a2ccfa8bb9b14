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

/** Finds an image of each class in the split that is trained on. */
public final class ClassSamples {
  private static final String SPLIT = "train";

  /** A rare class may be far from the start; more blocks than these are not looked through. */
  private static final int MAXIMUM_BLOCKS = 32;

  private ClassSamples() {}

  /**
   * An image.
   *
   * @param name of its class
   * @param path where it came from, relative to the input
   * @param image the image
   */
  public record Sample(String name, String path, Pixels image) {
    /** The image for Java to draw. */
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
   * The first image of each class, in label order; of rare classes there may be none.
   *
   * @param folder the data
   * @param classes how many classes at most, the first ones
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
