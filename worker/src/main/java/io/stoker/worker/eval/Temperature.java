// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Arrays;

/**
 * The number by which the logits of a network are divided before softmax, so that its probabilities
 * are as high as the network is right (Guo et al., 2017, "On Calibration of Modern Neural
 * Networks", section 4.2). Probabilities become {@code p[c]^(1/T) / sum of p^(1/T)}, which is the
 * softmax of the divided logits.
 *
 * @param value T, above 0; 1 leaves probabilities as they are
 */
public record Temperature(double value) implements Serializable {
  /** Leaves probabilities as they are, bit for bit. */
  public static final Temperature ONE = new Temperature(1);

  public Temperature {
    Check.input(
        Double.isFinite(value) && value > 0, "Invalid temperature: %s (must be > 0)", value);
  }

  /**
   * Changes probabilities. Which of two classes has the higher probability, and whether they have
   * the same, stays as it is.
   *
   * @param probabilities {@code [images, classes]}, at the start of the array
   * @param images how many there are
   * @param classes how many classes there are
   */
  public void apply(float[] probabilities, int images, int classes) {
    if (value == 1) {
      return;
    }
    long[] ranking = new long[classes];
    for (int i = 0; i < images; i++) {
      applyToOne(probabilities, i * classes, ranking);
    }
  }

  /**
   * Neighbours in the ranking whose probabilities are rounded to the same number are kept apart by
   * one unit in the last place.
   */
  private void applyToOne(float[] probabilities, int offset, long[] ranking) {
    double largest = 0;
    for (int c = 0; c < ranking.length; c++) {
      float probability = Probabilities.requireNumber(probabilities[offset + c], c);
      largest = Math.max(largest, probability);
      ranking[c] = ((long) Float.floatToIntBits(probability) << 32) | c;
    }
    Arrays.sort(ranking); // bits of floats that are not negative have the order of the floats
    double sum = 0;
    for (long entry : ranking) {
      sum += power(Float.intBitsToFloat((int) (entry >>> 32)) / largest);
    }
    int before = -1;
    float changed = 0;
    for (long entry : ranking) {
      int bits = (int) (entry >>> 32);
      if (bits != before) {
        float next = (float) (power(Float.intBitsToFloat(bits) / largest) / sum);
        changed = before < 0 ? next : Math.max(next, Math.nextUp(changed));
        before = bits;
      }
      probabilities[offset + (int) entry] = changed;
    }
  }

  private double power(double ratio) {
    return StrictMath.pow(ratio, 1 / value);
  }
}
