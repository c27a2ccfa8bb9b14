// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ImageShapes;
import io.stoker.data.shard.IntRange;
import io.stoker.data.shard.RejectedInput;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What one pass over the images finds out, mergeable in any order. All sums are of whole numbers,
 * so they are exact, and the same however the images are shared out between tasks.
 */
final class PackStatistics implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A sample whose image is that of another one. */
  record Copy(PackedSample sample, PackedSample original) implements Serializable {
    /**
     * @param number of the sample among those that are equal to it in everything, from 1
     */
    static Copy of(PackedSample sample, int number, PackedSample original) {
      return new Copy(
          number == 1
              ? sample
              : new PackedSample(
                  sample.split(),
                  sample.order(),
                  sample.sampleId(),
                  sample.label(),
                  DistinctSamples.numbered(sample.path(), number),
                  sample.shape(),
                  sample.image(),
                  sample.weight()),
          original);
    }
  }

  /** Samples by split and class. */
  private final long[][] samples;

  /** Bytes of encoded images by split and bucket of the order. */
  private transient long[][] bucketBytes;

  /** Those of all samples, and what their pixels take; null before the first one. */
  private ImageShapes shapes;

  private IntRange pixelBytes;

  /** That of the row before, which most rows share. */
  private transient ImageShape last;

  private final List<RejectedInput> rejected = new ArrayList<>();
  private final List<Copy> copies = new ArrayList<>();
  private final ChannelSums trainPixels = new ChannelSums();

  PackStatistics(int splits, int classes) {
    samples = new long[splits][classes];
    bucketBytes = new long[splits][PackedSample.BUCKETS];
  }

  private void writeObject(ObjectOutputStream out) throws IOException {
    out.defaultWriteObject();
    for (long[] ofSplit : bucketBytes) {
      out.write(NumberBytes.of(ofSplit));
    }
  }

  private void readObject(ObjectInputStream in) throws IOException, ClassNotFoundException {
    in.defaultReadObject();
    bucketBytes = new long[samples.length][];
    byte[] bytes = new byte[PackedSample.BUCKETS * Long.BYTES];
    for (int split = 0; split < bucketBytes.length; split++) {
      in.readFully(bytes);
      bucketBytes[split] = NumberBytes.longs(bytes);
    }
  }

  /** Adds inputs that could not be read. */
  PackStatistics reject(List<RejectedInput> inputs) {
    rejected.addAll(inputs);
    return this;
  }

  /**
   * Counts samples, in which copies of one image follow each other, the one to keep first.
   *
   * @param samples in {@link MeasuredSample.DuplicateOrder}
   * @param duplicates whether copies count as samples
   */
  PackStatistics addAll(List<MeasuredSample> samples, PrepareOptions.Duplicates duplicates) {
    MeasuredSample original = null;
    String path = "";
    int equal = 0;
    for (MeasuredSample measured : samples) {
      PackedSample sample = measured.sample();
      boolean copy = original != null && measured.isCopyOf(original);
      equal = copy && sample.path().equals(path) ? equal + 1 : 1;
      path = sample.path();
      if (copy) {
        copies.add(Copy.of(sample, equal, original.sample()));
      } else {
        original = measured;
      }
      if (!copy || duplicates == PrepareOptions.Duplicates.KEEP) {
        add(measured);
      }
    }
    return this;
  }

  private void add(MeasuredSample measured) {
    PackedSample sample = measured.sample();
    count(sample.split(), sample.label(), sample.order(), measured.imageBytes());
    add(sample.shape());
    trainPixels.add(measured.sums());
  }

  /** Counts a sample whose image no other one has, and returns this. */
  PackStatistics add(PackedBlock block, int row) {
    count(block.split(row), block.label(row), block.order(row), block.imageBytes(row));
    if (last == null || !block.hasShape(row, last)) {
      last = block.shape(row);
      add(last);
    }
    block.addSums(row, trainPixels);
    return this;
  }

  private void count(int split, int label, long order, int imageBytes) {
    samples[split][label]++;
    bucketBytes[split][PackedSample.bucket(order)] += imageBytes;
  }

  private void add(ImageShape shape) {
    add(ImageShapes.of(shape), IntRange.of(shape.bytes()));
  }

  /** Adds what another task counted, and returns this. */
  PackStatistics merge(PackStatistics other) {
    for (int split = 0; split < samples.length; split++) {
      addTo(samples[split], other.samples[split]);
      addTo(bucketBytes[split], other.bucketBytes[split]);
    }
    if (other.shapes != null) {
      add(other.shapes, other.pixelBytes);
    }
    rejected.addAll(other.rejected);
    copies.addAll(other.copies);
    trainPixels.add(other.trainPixels);
    return this;
  }

  private static void addTo(long[] sums, long[] addends) {
    for (int i = 0; i < sums.length; i++) {
      sums[i] += addends[i];
    }
  }

  private void add(ImageShapes others, IntRange bytesOfOthers) {
    shapes = shapes == null ? others : shapes.and(others);
    pixelBytes = pixelBytes == null ? bytesOfOthers : pixelBytes.and(bytesOfOthers);
  }

  /** Samples of each class of a split. */
  long[] samplesPerClass(int split) {
    return samples[split];
  }

  /** All samples of a split. */
  long samples(int split) {
    long sum = 0;
    for (long count : samples[split]) {
      sum += count;
    }
    return sum;
  }

  /** Bytes of encoded images in each bucket of a split's order. */
  long[] bucketBytes(int split) {
    return bucketBytes[split];
  }

  /** The shapes of all samples, if there are any. */
  Optional<ImageShapes> shapes() {
    return Optional.ofNullable(shapes);
  }

  /** What the pixels of a sample take; there must be one. */
  IntRange pixelBytes() {
    return pixelBytes;
  }

  /** Inputs that could not be read. */
  List<RejectedInput> rejected() {
    return rejected;
  }

  /** Samples whose image is that of another one, in no particular order. */
  List<Copy> copies() {
    return copies;
  }

  /** Sums over the pixels of the train split. */
  ChannelSums trainPixels() {
    return trainPixels;
  }
}
