// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import io.stoker.base.LittleEndian;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.io.Serializable;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The step that turns the workers' mean into the next parameters: a step with momentum from the
 * parameters before the round, in the direction of the mean (Chen and Huo, 2016, "Scalable Training
 * of Deep Learning Machines by Incremental Block Training"; Wang et al., 2020, "SlowMo"). With
 * {@code d = mean - before}:
 *
 * <pre>
 *   u' = momentum * u + d
 *   w  = before + rate * u'                       or, with Nesterov's momentum,
 *   w  = before + rate * (momentum * u' + d)
 * </pre>
 *
 * With rate 1 and momentum 0 this is the mean, to the last bit. Running statistics always become
 * the mean: a step beyond it could make a variance negative.
 *
 * @param rate the factor on the step
 * @param momentum how much of the velocity is kept, 0 to below 1
 * @param nesterov whether the step uses Nesterov's momentum
 * @param statistics the ranges of the parameter vector that hold running statistics
 */
public record OuterStep(double rate, double momentum, boolean nesterov, List<Range> statistics)
    implements Serializable {
  /** The mean itself. */
  public static final OuterStep PLAIN = new OuterStep(1, 0, false, List.of());

  /** Parameters from one up to, without, another. */
  public record Range(long from, long to) implements Serializable {}

  public OuterStep {
    statistics = List.copyOf(statistics);
  }

  /** The step for a model's parameters. */
  public static OuterStep of(double rate, double momentum, boolean nesterov, ModelSpec model) {
    List<Range> statistics = new ArrayList<>();
    for (ModelSpec.Placed placed : model.placed()) {
      long offset = placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        if (tensor.role() == ParameterSpec.Role.STATISTIC) {
          statistics.add(new Range(offset, offset + tensor.size()));
        }
        offset += tensor.size();
      }
    }
    return new OuterStep(rate, momentum, nesterov, statistics);
  }

  /** Whether the next parameters are the mean itself. */
  public boolean isPlain() {
    return rate == 1 && momentum == 0;
  }

  /** Whether the step keeps a velocity from round to round. */
  public boolean hasMomentum() {
    return momentum > 0;
  }

  /**
   * Takes the step for one slice. Each value is computed in double precision and rounded once.
   *
   * @param slices how the vectors are cut
   * @param slice the slice's number
   * @param start the slice's content before the round; not written to
   * @param content the workers' mean, without outer momentum; becomes the slice's content after the
   *     round
   */
  void apply(ParameterSlices slices, int slice, FloatBuffer start, byte[] content) {
    FloatBuffer next = LittleEndian.floats(content);
    int length = slices.length(slice);
    int velocity = slices.vectors() * length;
    // The formula relative to the mean: where the factors are 0, the result is the mean exactly.
    double ofDelta = nesterov ? rate * (1 + momentum) - 1 : rate - 1;
    double ofVelocity = nesterov ? rate * momentum * momentum : rate * momentum;
    for (int i = 0; i < length; i++) {
      boolean statistic = isStatistic(slices.offset(slice) + i);
      double delta = (double) next.get(i) - start.get(i);
      double old = slices.outerMomentum() ? start.get(velocity + i) : 0;
      if (!statistic) {
        next.put(i, (float) (next.get(i) + ofDelta * delta + ofVelocity * old));
      }
      if (slices.outerMomentum()) {
        next.put(velocity + i, statistic ? 0 : (float) (momentum * old + delta));
      }
    }
  }

  private boolean isStatistic(long parameter) {
    for (Range range : statistics) {
      if (parameter >= range.from() && parameter < range.to()) {
        return true;
      }
    }
    return false;
  }
}
