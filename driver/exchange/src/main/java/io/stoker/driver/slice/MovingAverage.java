// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import java.io.Serializable;
import java.nio.FloatBuffer;

/**
 * An average of the parameters over the steps of a job, which often predicts better than the last
 * parameters (Polyak and Juditsky, 1992, "Acceleration of Stochastic Approximation by Averaging"):
 * an exponential moving average (Tarvainen and Valpola, 2017, "Mean teachers are better role
 * models"), or the mean over all steps after a certain one (Izmailov et al., 2018, "Averaging
 * Weights Leads to Wider Optima and Better Generalization").
 *
 * <p>The decay is that of one local step, so that its meaning does not depend on the number of
 * steps of a round. Workers have common parameters after each round, and the average moves once a
 * round, by the product of the decays of the round's steps:
 *
 * <pre>
 *   d(i) = min(decay, (i - 1) / (i + 8))          of step i of the job, from 1
 *   k    = d(i) * d(i + 1) * ... * d(i + T - 1)   of a round of T steps
 *   e'   = k * e + (1 - k) * w                    with the parameters w after the round
 * </pre>
 *
 * While a job is young, the average covers about the last tenth of its steps: the warm-up {@code (1
 * + n) / (10 + n)} of TensorFlow, shifted by two steps so that initial values have no weight. The
 * mean after step F weighs the parameters after each round by the round's steps after F: {@code k =
 * (i - 1 - F) / (i - 1 - F + T)}, and 0 before. Running statistics are averaged like all other
 * parameters.
 *
 * @param decay of a step, 0 to below 1; 0 for no moving average
 * @param meanAfter the number of steps after which the mean begins; negative for no mean
 */
public record MovingAverage(double decay, long meanAfter) implements Serializable {
  /** No average. */
  public static final MovingAverage NONE = exponential(0);

  private static final int WARM_UP = 9;

  /** How many values are averaged at once; they stay in the first-level cache. */
  private static final int CHUNK = 1024;

  /**
   * A moving average.
   *
   * @param decay of a step, 0 to below 1; 0 for no average
   */
  public static MovingAverage exponential(double decay) {
    return new MovingAverage(decay, -1);
  }

  /** The mean over all steps of a job but the first. */
  public static MovingAverage meanAfter(long steps) {
    return new MovingAverage(0, steps);
  }

  /** Whether there is an average. */
  public boolean isOn() {
    return decay > 0 || meanAfter >= 0;
  }

  /**
   * How much of the average a round keeps.
   *
   * @param firstStep how many steps the job had taken before it
   * @param steps how many steps it takes
   */
  public double kept(long firstStep, int steps) {
    if (meanAfter >= 0) {
      long averaged = Math.max(0, firstStep - meanAfter);
      return (double) averaged / Math.max(1, firstStep + steps - meanAfter);
    }
    double kept = 1;
    for (long before = firstStep; before < firstStep + steps && kept > 0; before++) {
      kept *= Math.min(decay, (double) before / (before + WARM_UP));
    }
    return kept;
  }

  /**
   * Moves the average of one slice. Each value is computed in double precision and rounded once.
   *
   * @param slices how the vectors are cut
   * @param slice the slice's number
   * @param start the slice's content before the round; not written to
   * @param content the slice's content after the round, whose average is set
   * @param kept see {@link #kept}
   */
  void apply(ParameterSlices slices, int slice, FloatBuffer start, byte[] content, double kept) {
    FloatBuffer next = LittleEndian.floats(content);
    int length = slices.length(slice);
    int place = slices.emaVector() * length;
    float[] last = new float[CHUNK];
    float[] average = new float[CHUNK];
    for (int from = 0; from < length; from += CHUNK) {
      int values = Math.min(CHUNK, length - from);
      next.get(from, last, 0, values);
      start.get(place + from, average, 0, values);
      for (int i = 0; i < values; i++) {
        average[i] = (float) (last[i] + kept * ((double) average[i] - last[i]));
      }
      next.put(place + from, average, 0, values);
    }
  }
}
