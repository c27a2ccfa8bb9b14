// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.drawing;

import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardManifest;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A picture of a data set: a row for each class, with its name, one image as it is in the shards,
 * and what augmentation makes of that image in the first epochs; where images are mixed, with that
 * of the class below.
 */
public final class ContactSheet {
  private static final int MAXIMUM_CLASSES = 20;
  private static final int VERSIONS = 7;

  /** A rare class may be far from the start; more blocks than these are not looked through. */
  private static final int MAXIMUM_BLOCKS = 64;

  private static final int SMALLEST_CELL = 64;
  private static final int LARGEST_CELL = 160;
  private static final int GAP = 6;
  private static final int LONGEST_NAME = 150;
  private static final int HEADER_HEIGHT = 26;

  private final SplitBlocks data;
  private final Optional<TrainingInput> input;
  private final long seed;
  private final ImageShape shape;
  private final int cellWidth;
  private final int cellHeight;

  /**
   * @param data the split to show
   * @param input what training makes of the images; none shows only the images themselves
   * @param seed of the augmentation
   */
  public ContactSheet(SplitBlocks data, Optional<TrainingInput> input, long seed) {
    this.data = data;
    this.input = input;
    this.seed = seed;
    this.shape = data.folder().manifest().image();
    int longSide = Math.max(shape.height(), shape.width());
    double scale =
        longSide < SMALLEST_CELL
            ? Math.ceil((double) SMALLEST_CELL / longSide)
            : Math.min(1, (double) LARGEST_CELL / longSide);
    this.cellWidth = (int) Math.max(1, Math.round(shape.width() * scale));
    this.cellHeight = (int) Math.max(1, Math.round(shape.height() * scale));
  }

  /**
   * Draws the sheet.
   *
   * @throws io.stoker.failure.ResourceException if this Java cannot draw text, because it finds no
   *     font
   * @throws IOException if the shards cannot be read
   */
  public BufferedImage draw() throws IOException {
    List<Sample> samples = samples();
    int longest = ImageDrawing.longest(samples.stream().map(Sample::className).toList());
    int left = Math.min(longest, LONGEST_NAME) + 3 * GAP;
    int columns = 1 + (input.isEmpty() ? 0 : VERSIONS);
    return ImageDrawing.draw(
        left + columns * (cellWidth + GAP) + GAP,
        HEADER_HEIGHT + samples.size() * (cellHeight + GAP) + GAP,
        graphics -> drawRows(graphics, samples, left));
  }

  /** A sample in its block, which holds images as they are stored; one at a time is decoded. */
  private record Sample(String className, ShardBlock block, int row) {
    Pixels image(ImageShape shape) {
      byte[] pixels = new byte[shape.bytes()];
      block.decode(row, pixels);
      return new Pixels(shape, pixels);
    }

    long id() {
      return block.sampleId(row);
    }
  }

  /** The first sample of each class, by label. */
  private List<Sample> samples() throws IOException {
    ShardManifest manifest = data.folder().manifest();
    int wanted = Math.min(manifest.classes(), MAXIMUM_CLASSES);
    Map<Integer, Sample> found = new TreeMap<>();
    int blocks = Math.min(data.rows().length, MAXIMUM_BLOCKS);
    for (int index = 0; index < blocks && found.size() < wanted; index++) {
      ShardBlock block = data.block(index);
      for (int row = 0; row < block.rows(); row++) {
        int label = block.label(row);
        if (label < wanted) {
          found.putIfAbsent(label, new Sample(manifest.classNames().get(label), block, row));
        }
      }
    }
    return List.copyOf(found.values());
  }

  private void drawRows(Graphics2D graphics, List<Sample> samples, int left) {
    int augmented = left + cellWidth + GAP;
    graphics.drawString("image", left, HEADER_HEIGHT - 9);
    if (input.isPresent()) {
      graphics.drawString("augmented", augmented, HEADER_HEIGHT - 9);
    }
    for (int i = 0; i < samples.size(); i++) {
      Sample sample = samples.get(i);
      Sample below = samples.get((i + 1) % samples.size());
      int top = HEADER_HEIGHT + i * (cellHeight + GAP);
      graphics.drawString(
          ImageDrawing.clip(graphics, sample.className(), LONGEST_NAME),
          GAP,
          top + cellHeight / 2 + 5);
      drawImage(graphics, sample.image(shape), left, top);
      input.ifPresent(with -> drawVersions(graphics, with, sample, below, augmented, top));
    }
  }

  private void drawVersions(
      Graphics2D graphics, TrainingInput with, Sample sample, Sample other, int left, int top) {
    AugmentationChain chain =
        new AugmentationChain(
            with.augmentations(), shape, with.image(), data.folder().manifest().statistics());
    byte[] image = sample.image(shape).values();
    byte[] augmented = new byte[with.image().bytes()];
    for (int epoch = 0; epoch < VERSIONS; epoch++) {
      chain.apply(seed, epoch, sample.id(), image, augmented);
      if (with.mixing().isOn()) {
        byte[] neighbour = new byte[augmented.length];
        chain.apply(seed, epoch, other.id(), other.image(shape).values(), neighbour);
        with.mixing()
            .draw(seed, epoch, sample.id(), with.image())
            .applyToPixels(augmented, neighbour, with.image());
      }
      Pixels version = new Pixels(with.image(), augmented);
      drawImage(graphics, version, left + epoch * (cellWidth + GAP), top);
    }
  }

  /** Draws an image in its cell, to the scale of the data's images. */
  private void drawImage(Graphics2D graphics, Pixels image, int left, int top) {
    ImageShape of = image.shape();
    int width = (int) Math.max(1, (long) cellWidth * of.width() / shape.width());
    int height = (int) Math.max(1, (long) cellHeight * of.height() / shape.height());
    graphics.drawImage(
        Thumbnail.of(image, Math.min(width, of.width()), Math.min(height, of.height())),
        left + (cellWidth - width) / 2,
        top + (cellHeight - height) / 2,
        width,
        height,
        null);
  }
}
