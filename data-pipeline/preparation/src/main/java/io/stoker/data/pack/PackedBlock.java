// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.RejectedInput;
import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntUnaryOperator;
import scala.Tuple2;

/**
 * Samples on their way between tasks, and inputs that were rejected: a row for each sample, in few
 * arrays. Spark caches, sorts and serializes blocks. To do that with each sample takes several
 * times as long as all other work on a small image.
 */
final class PackedBlock implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The key of rows that {@link #divide} leaves out. */
  static final int NO_KEY = -1;

  /** A block is complete at this many bytes: G1 allocates arrays of 512 KiB and more separately. */
  private static final int BYTES = 384 << 10;

  /** The numbers of a row: split, label, height, width, channels, bits of the weight. */
  private static final int INTS = 6;

  /** The long numbers of a row: order, sample id, fingerprint (2), sums of the pixels. */
  private static final int LONGS = 4 + ChannelSums.NUMBERS;

  private static final int ROW_BYTES = INTS * Integer.BYTES + LONGS * Long.BYTES;

  private final int[] ints;
  private final long[] longs;
  private final Segments paths;

  /** The encoded images. */
  private final Segments images;

  private final List<RejectedInput> rejected;

  private PackedBlock(
      int[] ints, long[] longs, Segments paths, Segments images, List<RejectedInput> rejected) {
    this.ints = ints;
    this.longs = longs;
    this.paths = paths;
    this.images = images;
    this.rejected = rejected;
  }

  /** A block as Java serializes it: arrays of bytes, which it writes as a whole. */
  @SuppressWarnings("ArrayRecordComponent") // It is private and never compared.
  private record Written(
      byte[] ints,
      byte[] longs,
      byte[] pathStarts,
      byte[] paths,
      byte[] imageStarts,
      byte[] images,
      List<RejectedInput> rejected)
      implements Serializable {
    private Object readResolve() {
      return new PackedBlock(
          NumberBytes.ints(ints),
          NumberBytes.longs(longs),
          new Segments(NumberBytes.ints(pathStarts), paths),
          new Segments(NumberBytes.ints(imageStarts), images),
          rejected);
    }
  }

  private Object writeReplace() {
    return new Written(
        NumberBytes.of(ints),
        NumberBytes.of(longs),
        NumberBytes.of(paths.starts),
        paths.values,
        NumberBytes.of(images.starts),
        images.values,
        rejected);
  }

  /** A block that has no samples. */
  static PackedBlock of(List<RejectedInput> rejected) {
    Segments none = Segments.of(new byte[0][]);
    return new PackedBlock(new int[0], new long[0], none, none, rejected);
  }

  /** How many samples it has. */
  int rows() {
    return images.count();
  }

  /** Inputs that could not be read. */
  List<RejectedInput> rejected() {
    return rejected;
  }

  /** The index of a sample's split. */
  int split(int row) {
    return ints[row * INTS];
  }

  /** The index of a sample's class. */
  int label(int row) {
    return ints[row * INTS + 1];
  }

  ImageShape shape(int row) {
    int at = row * INTS + 2;
    return new ImageShape(ints[at], ints[at + 1], ints[at + 2]);
  }

  boolean hasShape(int row, ImageShape shape) {
    int at = row * INTS + 2;
    return ints[at] == shape.height()
        && ints[at + 1] == shape.width()
        && ints[at + 2] == shape.channels();
  }

  /** The size of a sample's encoded image. */
  int imageBytes(int row) {
    return images.length(row);
  }

  /** Adds the sums over a sample's pixels to others. */
  void addSums(int row, ChannelSums sums) {
    sums.add(ints[row * INTS + 4], longs, row * LONGS + 4);
  }

  /** The place of a sample in its split's order. */
  long order(int row) {
    return longs[row * LONGS];
  }

  long sampleId(int row) {
    return longs[row * LONGS + 1];
  }

  /** A number that is the same for equal images. */
  long fingerprint(int row) {
    return longs[row * LONGS + 3];
  }

  /** This block without the images; their sizes stay. */
  PackedBlock withoutImages() {
    return new PackedBlock(ints, longs, paths, images.withoutValues(), rejected);
  }

  /** A sample, with its image if the block has images. */
  PackedSample sample(int row) {
    int at = row * INTS;
    return new PackedSample(
        ints[at],
        order(row),
        sampleId(row),
        label(row),
        new String(paths.get(row), StandardCharsets.UTF_8),
        shape(row),
        images.get(row),
        Float.intBitsToFloat(ints[at + 5]));
  }

  /** A sample and what is known of its image. */
  MeasuredSample measured(int row) {
    int at = row * LONGS;
    return new MeasuredSample(
        sample(row),
        images.length(row),
        longs[at + 2],
        longs[at + 3],
        ChannelSums.of(ints[row * INTS + 4], longs, at + 4));
  }

  /**
   * Divides the samples by a key. Rejected inputs are in no part.
   *
   * @param key of each row, 0 or more, or {@link #NO_KEY}
   * @return a block for each key, its rows in their order
   */
  List<Tuple2<Integer, PackedBlock>> divide(IntUnaryOperator key) {
    long[] keyed = new long[rows()];
    for (int row = 0; row < keyed.length; row++) {
      keyed[row] = (long) key.applyAsInt(row) << Integer.SIZE | row;
    }
    Arrays.sort(keyed);
    List<Tuple2<Integer, PackedBlock>> parts = new ArrayList<>();
    for (int first = 0, end; first < keyed.length; first = end) {
      int ofPart = (int) (keyed[first] >> Integer.SIZE);
      end = first + 1;
      while (end < keyed.length && keyed[end] >> Integer.SIZE == ofPart) {
        end++;
      }
      if (ofPart != NO_KEY) {
        int[] rows = Arrays.stream(keyed, first, end).mapToInt(value -> (int) value).toArray();
        parts.add(new Tuple2<>(ofPart, select(rows)));
      }
    }
    return parts;
  }

  private PackedBlock select(int[] rows) {
    int[] selectedInts = new int[rows.length * INTS];
    long[] selectedLongs = new long[rows.length * LONGS];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(ints, rows[i] * INTS, selectedInts, i * INTS, INTS);
      System.arraycopy(longs, rows[i] * LONGS, selectedLongs, i * LONGS, LONGS);
    }
    return new PackedBlock(
        selectedInts, selectedLongs, paths.select(rows), images.select(rows), List.of());
  }

  /** Collects samples and rejected inputs until there are enough for a block. */
  static final class Builder {
    private final List<MeasuredSample> samples = new ArrayList<>();
    private final List<RejectedInput> rejected = new ArrayList<>();
    private long bytes;

    void add(MeasuredSample sample) {
      samples.add(sample);
      bytes += ROW_BYTES + sample.imageBytes();
    }

    void add(RejectedInput input) {
      rejected.add(input);
      bytes += ROW_BYTES;
    }

    boolean isFull() {
      return bytes >= BYTES;
    }

    boolean isEmpty() {
      return samples.isEmpty() && rejected.isEmpty();
    }

    PackedBlock build() {
      int[] ints = new int[samples.size() * INTS];
      long[] longs = new long[samples.size() * LONGS];
      byte[][] paths = new byte[samples.size()][];
      byte[][] images = new byte[samples.size()][];
      for (int row = 0; row < samples.size(); row++) {
        MeasuredSample measured = samples.get(row);
        PackedSample sample = measured.sample();
        int at = row * INTS;
        ints[at] = sample.split();
        ints[at + 1] = sample.label();
        ints[at + 2] = sample.shape().height();
        ints[at + 3] = sample.shape().width();
        ints[at + 4] = sample.shape().channels();
        ints[at + 5] = Float.floatToRawIntBits(sample.weight());
        at = row * LONGS;
        longs[at] = sample.order();
        longs[at + 1] = sample.sampleId();
        longs[at + 2] = measured.fingerprintHigh();
        longs[at + 3] = measured.fingerprintLow();
        measured.sums().copyTo(longs, at + 4);
        paths[row] = sample.path().getBytes(StandardCharsets.UTF_8);
        images[row] = sample.image();
      }
      return new PackedBlock(
          ints, longs, Segments.of(paths), Segments.of(images), List.copyOf(rejected));
    }
  }

  /**
   * Byte strings in one array.
   *
   * @param starts where each begins, and where the last one ends
   * @param values the bytes, or nothing where only their number is known
   */
  @SuppressWarnings("ArrayRecordComponent") // It is private and never compared.
  private record Segments(int[] starts, byte[] values) {
    private static final byte[] NOTHING = {};

    static Segments of(byte[][] parts) {
      int[] starts = new int[parts.length + 1];
      for (int i = 0; i < parts.length; i++) {
        starts[i + 1] = Math.addExact(starts[i], parts[i].length);
      }
      byte[] values = new byte[starts[parts.length]];
      for (int i = 0; i < parts.length; i++) {
        System.arraycopy(parts[i], 0, values, starts[i], parts[i].length);
      }
      return new Segments(starts, values);
    }

    int count() {
      return starts.length - 1;
    }

    int length(int index) {
      return starts[index + 1] - starts[index];
    }

    private boolean hasValues() {
      return values.length == starts[count()];
    }

    byte[] get(int index) {
      return hasValues() ? Arrays.copyOfRange(values, starts[index], starts[index + 1]) : NOTHING;
    }

    Segments withoutValues() {
      return new Segments(starts, NOTHING);
    }

    Segments select(int[] indices) {
      int[] selectedStarts = new int[indices.length + 1];
      for (int i = 0; i < indices.length; i++) {
        selectedStarts[i + 1] = selectedStarts[i] + length(indices[i]);
      }
      if (!hasValues()) {
        return new Segments(selectedStarts, NOTHING);
      }
      byte[] selected = new byte[selectedStarts[indices.length]];
      for (int i = 0; i < indices.length; i++) {
        System.arraycopy(
            values, starts[indices[i]], selected, selectedStarts[i], length(indices[i]));
      }
      return new Segments(selectedStarts, selected);
    }
  }
}
