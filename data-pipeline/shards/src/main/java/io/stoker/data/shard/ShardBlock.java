// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.image.UnreadableImageException;
import io.stoker.failure.DamagedException;

/**
 * The samples of one row group in memory, still encoded. It is immutable, and shared by all readers
 * of a process.
 */
public final class ShardBlock {
  private final String name;
  private final ShardEncoding encoding;
  private final long[] sampleIds;
  private final int[] labels;
  private final float[] weights;
  private final String[] paths;
  private final ImageShape[] shapes;
  private final int[] offsets;
  private final byte[] images;

  /**
   * @param name where the block is, for messages
   * @param encoding of the images
   * @param sampleIds of each row
   * @param labels of each row
   * @param weights of each row; empty if the shard has none
   * @param paths of each row
   * @param shapes of each row
   * @param offsets where each row's image starts in images, and one more: where the last one ends
   * @param images the encoded images, one after the other
   */
  ShardBlock(
      String name,
      ShardEncoding encoding,
      long[] sampleIds,
      int[] labels,
      float[] weights,
      String[] paths,
      ImageShape[] shapes,
      int[] offsets,
      byte[] images) {
    this.name = name;
    this.encoding = encoding;
    this.sampleIds = sampleIds;
    this.labels = labels;
    this.weights = weights;
    this.paths = paths;
    this.shapes = shapes;
    this.offsets = offsets;
    this.images = images;
  }

  /** Some of its rows, copied. */
  ShardBlock select(int[] rows) {
    long[] ids = new long[rows.length];
    int[] selected = new int[rows.length];
    float[] weighted = new float[isWeighted() ? rows.length : 0];
    String[] names = new String[rows.length];
    ImageShape[] ofImages = new ImageShape[rows.length];
    int[] starts = new int[rows.length + 1];
    for (int i = 0; i < rows.length; i++) {
      int row = rows[i];
      ids[i] = sampleIds[row];
      selected[i] = labels[row];
      if (isWeighted()) {
        weighted[i] = weights[row];
      }
      names[i] = paths[row];
      ofImages[i] = shapes[row];
      starts[i + 1] = starts[i] + offsets[row + 1] - offsets[row];
    }
    byte[] bytes = new byte[starts[rows.length]];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(images, offsets[rows[i]], bytes, starts[i], starts[i + 1] - starts[i]);
    }
    return new ShardBlock(name, encoding, ids, selected, weighted, names, ofImages, starts, bytes);
  }

  /** How many samples it holds. */
  public int rows() {
    return labels.length;
  }

  /** The sample id of a row. */
  public long sampleId(int row) {
    return sampleIds[row];
  }

  /** The label of a row, an index into the class names. */
  public int label(int row) {
    return labels[row];
  }

  /** Whether the shard says how much each of its samples counts. */
  public boolean isWeighted() {
    return weights.length > 0;
  }

  /** How much a row counts in the loss, above 0; 1 if the shard has no weights. */
  public float weight(int row) {
    return isWeighted() ? weights[row] : 1;
  }

  /** Where the image of a row came from, relative to the input. */
  public String path(int row) {
    return paths[row];
  }

  /** The shape of the image of a row. */
  public ImageShape shape(int row) {
    return shapes[row];
  }

  /**
   * Decodes the image of a row.
   *
   * @throws DamagedException if the bytes are no image of the row's shape
   */
  public Pixels pixels(int row) {
    byte[] values = new byte[shapes[row].bytes()];
    decode(row, values);
    return new Pixels(shapes[row], values);
  }

  /**
   * Decodes the image of a row.
   *
   * @param row which
   * @param target receives interleaved uint8 {@code [height, width, channels]} at its start
   * @throws DamagedException if the bytes are no image of the row's shape
   */
  public void decode(int row, byte[] target) {
    try {
      encoding.decode(images, offsets[row], offsets[row + 1] - offsets[row], shapes[row], target);
    } catch (UnreadableImageException e) {
      throw new DamagedException(
          "Cannot read row " + row + " of " + name + ": " + e.getMessage(), e);
    }
  }

  /** Passes the encoded image of a row to a receiver that decodes it in another way. */
  public <E extends Exception> void encoded(int row, EncodedImage<E> receiver) throws E {
    receiver.accept(images, offsets[row], offsets[row + 1] - offsets[row]);
  }

  /** Receives an encoded image in place; it must not change the bytes. */
  public interface EncodedImage<E extends Exception> {
    /**
     * Receives an image.
     *
     * @param source holds the image
     * @param offset where it starts
     * @param length its bytes
     */
    void accept(byte[] source, int offset, int length) throws E;
  }

  /** About how much memory it takes. */
  public long memoryBytes() {
    long text = 0;
    for (String path : paths) {
      text += 48 + path.length();
    }
    return images.length + 24L * labels.length + text;
  }
}
