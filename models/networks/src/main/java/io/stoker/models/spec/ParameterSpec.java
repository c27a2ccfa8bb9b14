// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import java.util.List;

/**
 * One parameter tensor of a layer.
 *
 * @param role what the layer does with it
 * @param dimensions its dimensions, row-major in the canonical vector
 * @param fanIn the number of inputs that one output is computed from
 * @param fanOut the number of outputs that one input goes into
 * @param initializer its first values
 */
public record ParameterSpec(
    Role role, List<Integer> dimensions, int fanIn, int fanOut, Initializer initializer) {
  /** What a layer does with a parameter tensor. */
  public enum Role {
    /** Factors of inputs; weight decay applies to these only. */
    WEIGHT,
    /** Added to sums of inputs. */
    BIAS,
    /** Factors of normalized values. */
    SCALE,
    /** A running statistic: it has no gradient, and gradient descent does not change it. */
    STATISTIC
  }

  public ParameterSpec {
    dimensions = List.copyOf(dimensions);
  }

  /** The number of values. */
  public long size() {
    return dimensions.stream().mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
  }
}
