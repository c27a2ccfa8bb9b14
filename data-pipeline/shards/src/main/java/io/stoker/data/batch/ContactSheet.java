// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.augment.AugmentationChain;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.Resizing;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardManifest;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import javax.imageio.ImageIO;

/**
 * A picture of a data set: a row a class, with its name, one image as it is in the shards, and what
 * augmentation makes of that image in the first epochs; where images are mixed, with that of the
 * class below.
 */
public final class ContactSheet {
  private static final int MAXIMUM_CLASSES = 20;
  private static final int VERSIONS = 7;

  /** A rare class may be far from the start; more blocks than these are not looked through. */
  private static final int MAXIMUM_BLOCKS = 64;

  private static final int SMALLEST_CELL = 64;
  private static final int LARGEST_CELL = 160;
  private static final int LARGE_AREA = 1 << 22;
  private static final int GAP = 6;
  private static final int LONGEST_NAME = 150;
  private static final int HEADER_HEIGHT = 26;
  private static final Font FONT = new Font(Font.SANS_SERIF, Font.PLAIN, 13);

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
   * Writes the sheet as PNG.
   *
   * @param out not closed
   * @throws IOException if the shards cannot be read or the stream cannot be written
   */
  public void write(OutputStream out) throws IOException {
    ImageIO.write(draw(), "png", out);
  }

  /**
   * Draws the sheet.
   *
   * @throws ResourceException if this Java cannot draw text, for want of a font
   * @throws IOException if the shards cannot be read
   */
  public BufferedImage draw() throws IOException {
    Map<Integer, Example> examples = examples();
    try {
      return draw(examples);
    } catch (StokerException e) {
      throw e;
    } catch (RuntimeException | LinkageError | InternalError e) {
      // What Java throws where there is no font, or no library to draw with it.
      throw new ResourceException(
          "Cannot draw the names of classes: this machine has no fonts (install fontconfig and"
              + " fonts-dejavu-core, or their like)",
          e);
    }
  }

  private BufferedImage draw(Map<Integer, Example> examples) {
    int nameWidth = nameWidth(examples);
    int columns = 1 + (input.isEmpty() ? 0 : VERSIONS);
    BufferedImage sheet =
        new BufferedImage(
            nameWidth + columns * (cellWidth + GAP) + GAP,
            HEADER_HEIGHT + examples.size() * (cellHeight + GAP) + GAP,
            BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = sheet.createGraphics();
    try {
      graphics.setColor(Color.WHITE);
      graphics.fillRect(0, 0, sheet.getWidth(), sheet.getHeight());
      graphics.setColor(Color.BLACK);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION,
          cellHeight < shape.height()
              ? RenderingHints.VALUE_INTERPOLATION_BICUBIC
              : RenderingHints.VALUE_INTERPOLATION_NEAREST_NEIGHBOR);
      drawRows(graphics, examples, nameWidth);
    } finally {
      graphics.dispose();
    }
    return sheet;
  }

  private record Example(ShardBlock block, int row) {}

  private record Sample(Pixels image, long id) {}

  /** The first sample of each class, by label. */
  private Map<Integer, Example> examples() throws IOException {
    ShardManifest manifest = data.folder().manifest();
    int wanted = Math.min(manifest.classes(), MAXIMUM_CLASSES);
    Map<Integer, Example> found = new TreeMap<>();
    int blocks = Math.min(data.rows().length, MAXIMUM_BLOCKS);
    for (int index = 0; index < blocks && found.size() < wanted; index++) {
      ShardBlock block = data.block(index);
      for (int row = 0; row < block.rows(); row++) {
        if (block.label(row) < wanted) {
          found.putIfAbsent(block.label(row), new Example(block, row));
        }
      }
    }
    return found;
  }

  /** Room for the longest name that is shown, within reason. */
  private int nameWidth(Map<Integer, Example> examples) {
    Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    FontMetrics metrics = graphics.getFontMetrics(FONT);
    int longest =
        examples.keySet().stream()
            .mapToInt(label -> metrics.stringWidth(name(label)))
            .max()
            .orElse(0);
    graphics.dispose();
    return Math.min(longest, LONGEST_NAME) + 3 * GAP;
  }

  private String name(int label) {
    return data.folder().manifest().classNames().get(label);
  }

  private void drawRows(Graphics2D graphics, Map<Integer, Example> examples, int left) {
    graphics.setFont(FONT);
    graphics.drawString("image", left, HEADER_HEIGHT - 9);
    if (input.isPresent()) {
      graphics.drawString("augmented", left + cellWidth + GAP, HEADER_HEIGHT - 9);
    }
    int top = HEADER_HEIGHT;
    byte[] pixels = new byte[shape.bytes()];
    byte[] others = new byte[shape.bytes()];
    List<Example> shown = List.copyOf(examples.values());
    int index = 0;
    for (Map.Entry<Integer, Example> entry : examples.entrySet()) {
      Example example = entry.getValue();
      index++;
      Example other = shown.get(index % shown.size());
      other.block.decode(other.row, others);
      example.block.decode(example.row, pixels);
      drawName(graphics, name(entry.getKey()), top + cellHeight / 2);
      drawImage(graphics, pixels, shape, left, top);
      int row = top;
      Sample sample = new Sample(new Pixels(shape, pixels), example.block.sampleId(example.row));
      Sample mixed = new Sample(new Pixels(shape, others), other.block.sampleId(other.row));
      input.ifPresent(
          with -> drawVersions(graphics, with, sample, mixed, left + cellWidth + GAP, row));
      top += cellHeight + GAP;
    }
  }

  private void drawVersions(
      Graphics2D graphics, TrainingInput with, Sample sample, Sample other, int left, int top) {
    AugmentationChain chain =
        new AugmentationChain(
            with.augmentations(), shape, with.image(), data.folder().manifest().statistics());
    byte[] augmented = new byte[with.image().bytes()];
    for (int epoch = 0; epoch < VERSIONS; epoch++) {
      chain.apply(seed, epoch, sample.id, sample.image.values(), augmented);
      if (with.mixing().isOn()) {
        byte[] neighbour = new byte[augmented.length];
        chain.apply(seed, epoch, other.id, other.image.values(), neighbour);
        with.mixing()
            .draw(seed, epoch, sample.id, with.image())
            .applyToPixels(augmented, neighbour, with.image());
      }
      drawImage(graphics, augmented, with.image(), left + epoch * (cellWidth + GAP), top);
    }
  }

  /** Draws an image in its cell, to the scale of the data's images. */
  private void drawImage(Graphics2D graphics, byte[] values, ImageShape of, int left, int top) {
    int width = (int) Math.max(1, (long) cellWidth * of.width() / shape.width());
    int height = (int) Math.max(1, (long) cellHeight * of.height() / shape.height());
    Pixels pixels = new Pixels(of, values);
    // An image that is reduced much is reduced before it takes memory a second time.
    boolean large = of.area() > LARGE_AREA;
    BufferedImage image =
        image(large ? Resizing.fit(pixels, new ImageShape(height, width, of.channels())) : pixels);
    graphics.drawImage(
        image,
        left + (cellWidth - width) / 2,
        top + (cellHeight - height) / 2,
        width,
        height,
        null);
  }

  private static BufferedImage image(Pixels pixels) {
    ImageShape of = pixels.shape();
    byte[] values = pixels.values();
    BufferedImage image = new BufferedImage(of.width(), of.height(), BufferedImage.TYPE_INT_RGB);
    int channels = of.channels();
    for (int i = 0; i < of.area(); i++) {
      int red = values[i * channels] & 0xFF;
      int green = channels == 3 ? values[i * channels + 1] & 0xFF : red;
      int blue = channels == 3 ? values[i * channels + 2] & 0xFF : red;
      image.setRGB(i % of.width(), i / of.width(), red << 16 | green << 8 | blue);
    }
    return image;
  }

  /** Cuts a name that is too long for its column. */
  private static void drawName(Graphics2D graphics, String name, int middle) {
    FontMetrics metrics = graphics.getFontMetrics();
    String text = name;
    for (int end = name.length(); end > 0 && metrics.stringWidth(text) > LONGEST_NAME; ) {
      end = name.offsetByCodePoints(end, -1);
      text = name.substring(0, end) + "…";
    }
    graphics.drawString(text, GAP, middle + 5);
  }
}
