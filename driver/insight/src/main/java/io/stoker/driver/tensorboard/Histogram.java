// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import java.util.Arrays;
import org.tensorflow.proto.framework.HistogramProto;

/**
 * A histogram with TensorFlow's buckets ({@code lib/histogram/histogram.cc}): their limits grow by
 * a tenth from 1e-12, on both sides of zero. A bucket counts the values that are below its limit
 * and not below the limit before.
 */
final class Histogram {
  private static final double SMALLEST = 1e-12;
  private static final double LARGEST = 1e20;
  private static final double GROWTH = 1.1;
  private static final double[] LIMITS = limits();

  private final long[] counts = new long[LIMITS.length];
  private double least = Double.MAX_VALUE;
  private double greatest = -Double.MAX_VALUE;
  private double sum;
  private double squares;

  private static double[] limits() {
    int size = 1;
    for (double limit = SMALLEST; limit < LARGEST; limit *= GROWTH) {
      size++;
    }
    double[] limits = new double[2 * size + 1];
    limits[size] = 0;
    double limit = SMALLEST;
    for (int i = 1; i <= size; i++, limit *= GROWTH) {
      double value = i == size ? Double.MAX_VALUE : limit;
      limits[size + i] = value;
      limits[size - i] = -value;
    }
    return limits;
  }

  void add(double value) {
    int found = Arrays.binarySearch(LIMITS, value);
    int bucket = found >= 0 ? found + 1 : -found - 1; // the first limit above the value
    counts[Math.min(bucket, counts.length - 1)]++;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
    sum += value;
    squares += value * value;
  }

  /** Makes the message; of several empty buckets in a row it has only the last one. */
  HistogramProto toProto() {
    HistogramProto.Builder proto =
        HistogramProto.newBuilder()
            .setMin(least)
            .setMax(greatest)
            .setNum((double) Arrays.stream(counts).sum())
            .setSum(sum)
            .setSumSquares(squares);
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0 || i == counts.length - 1 || counts[i + 1] > 0) {
        proto.addBucketLimit(LIMITS[i]).addBucket((double) counts[i]);
      }
    }
    return proto.build();
  }
}
