// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.models.spec.Quantization;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How large the inputs of a network's layers are: a histogram of the magnitudes for each layer.
 * Counts of parts of a data set merge to those of the whole, exactly and in any order.
 */
public final class InputMagnitudes implements Serializable {
  private static final long serialVersionUID = 1L;

  /** A bin has the values with the same exponent and the same 7 bits of the significand. */
  private static final int SHIFT = 16;

  /** The first bin ends at about a millionth; the last one begins at about a million. */
  private static final int FIRST = Float.floatToIntBits(0x1p-20f) >>> SHIFT;

  private static final int BINS = (Float.floatToIntBits(0x1p20f) >>> SHIFT) - FIRST + 1;

  /** The magnitudes of the inputs of one layer. */
  private static final class Histogram implements Serializable {
    private static final long serialVersionUID = 1L;

    private final long[] counts = new long[BINS];
    private float largest;
    private boolean signed;

    void add(float value) {
      float magnitude = Math.abs(value);
      signed |= value < 0;
      largest = Math.max(largest, magnitude);
      int bin = (Float.floatToIntBits(magnitude) >>> SHIFT) - FIRST;
      counts[Math.max(0, Math.min(BINS - 1, bin))]++;
    }

    void merge(Histogram other) {
      Arrays.setAll(counts, bin -> counts[bin] + other.counts[bin]);
      largest = Math.max(largest, other.largest);
      signed |= other.signed;
    }

    /** The end of the first bin that has, with those before it, a share of the values. */
    float largest(double share) {
      double wanted = share * Arrays.stream(counts).sum();
      long sum = 0;
      for (int bin = 0; bin < BINS; bin++) {
        sum += counts[bin];
        if (sum >= wanted) {
          return Math.min(largest, Float.intBitsToFloat((FIRST + bin + 1) << SHIFT));
        }
      }
      return largest;
    }
  }

  private final TreeMap<String, Histogram> layers = new TreeMap<>();

  /**
   * Adds the input of a layer.
   *
   * @param layer the layer's path
   * @param values all of it
   */
  public void add(String layer, FloatBuffer values) {
    Histogram histogram = layers.computeIfAbsent(layer, path -> new Histogram());
    for (int i = 0; i < values.limit(); i++) {
      histogram.add(values.get(i));
    }
  }

  /**
   * Adds other counts to these.
   *
   * @return these
   */
  public InputMagnitudes merge(InputMagnitudes other) {
    other.layers.forEach(
        (layer, histogram) ->
            layers.computeIfAbsent(layer, path -> new Histogram()).merge(histogram));
    return this;
  }

  /**
   * All layers in int8, with ranges that hold a share of each layer's values.
   *
   * @param share 1 for all of them
   */
  public Quantization quantization(double share) {
    SortedMap<String, Quantization.Range> ranges = new TreeMap<>();
    layers.forEach(
        (layer, histogram) -> {
          float largest = share == 1 ? histogram.largest : histogram.largest(share);
          ranges.put(
              layer,
              new Quantization.Range(Quantization.isZero(largest) ? 1 : largest, histogram.signed));
        });
    return new Quantization(ranges);
  }
}
