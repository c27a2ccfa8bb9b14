package io.stoker.data.pack;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.RejectedInput;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one pass over the images finds out, mergeable in any order. All sums are of whole numbers,
 * so they are exact, and the same however the images are shared out between tasks.
 */
final class PackStatistics implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A sample whose image is that of another one. */
  record Copy(PackedSample sample, PackedSample original) implements Serializable {}

  /** Samples by split and class. */
  private final long[][] samples;

  /** Bytes of encoded images by split and bucket of the order. */
  private final long[][] bucketBytes;

  /** A sample of each shape that was seen, the first one by path. */
  private final TreeMap<ImageShape, String> shapes = new TreeMap<>();

  private final List<RejectedInput> rejected = new ArrayList<>();
  private final List<Copy> copies = new ArrayList<>();
  private final ChannelSums trainPixels = new ChannelSums();

  PackStatistics(int splits, int classes) {
    samples = new long[splits][classes];
    bucketBytes = new long[splits][PackedSample.BUCKETS];
  }

  /**
   * Counts findings of which copies stand side by side, the one to keep first.
   *
   * @param findings in {@link Finding.InOrder}
   * @param duplicates whether copies count as samples
   */
  PackStatistics addAll(Iterator<Finding> findings, PrepareOptions.Duplicates duplicates) {
    Finding.Accepted original = null;
    while (findings.hasNext()) {
      Finding finding = findings.next();
      if (finding instanceof Finding.Rejected input) {
        rejected.add(input.input());
        continue;
      }
      Finding.Accepted accepted = (Finding.Accepted) finding;
      boolean copy = original != null && accepted.isCopyOf(original);
      if (copy) {
        copies.add(new Copy(accepted.sample(), original.sample()));
      } else {
        original = accepted;
      }
      if (!copy || duplicates == PrepareOptions.Duplicates.KEEP) {
        add(accepted);
      }
    }
    return this;
  }

  private void add(Finding.Accepted accepted) {
    PackedSample sample = accepted.sample();
    samples[sample.split()][sample.label()]++;
    bucketBytes[sample.split()][sample.bucket()] += accepted.imageBytes();
    shapes.merge(accepted.shape(), sample.path(), PackStatistics::first);
    dropShapesBeyondTwo();
    trainPixels.add(accepted.sums());
  }

  /** Adds what another task counted, and returns this. */
  PackStatistics merge(PackStatistics other) {
    for (int split = 0; split < samples.length; split++) {
      addTo(samples[split], other.samples[split]);
      addTo(bucketBytes[split], other.bucketBytes[split]);
    }
    other.shapes.forEach((shape, path) -> shapes.merge(shape, path, PackStatistics::first));
    dropShapesBeyondTwo();
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

  private static String first(String a, String b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  /** Two are enough to show that shapes differ: the smallest and the largest. */
  private void dropShapesBeyondTwo() {
    while (shapes.size() > 2) {
      shapes.remove(shapes.higherKey(shapes.firstKey()));
    }
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

  /** The smallest and the largest shape, or the only one, with the path of a sample of it. */
  Map<ImageShape, String> shapes() {
    return shapes;
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
