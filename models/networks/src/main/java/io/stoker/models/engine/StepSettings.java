// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.io.Serializable;

/**
 * The settings of one step of stochastic gradient descent.
 *
 * @param learningRate the factor of the mean gradient
 * @param momentum the share of the velocity that a step keeps, 0 to below 1
 * @param kind how the velocity changes the parameters
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm that the whole gradient may have; a longer gradient is scaled
 *     down to it (Pascanu et al., 2013). {@link #UNCLIPPED} for no bound
 */
public record StepSettings(
    float learningRate, float momentum, Momentum kind, float weightDecay, float clipNorm)
    implements Serializable {
  /** No bound on the gradient. */
  public static final float UNCLIPPED = Float.POSITIVE_INFINITY;

  /** How a step changes the parameters w by the velocity v, which was u before the step. */
  public enum Momentum {
    /** {@code w = w + v}. */
    CLASSICAL,
    /**
     * {@code w = w + (1 + momentum) v - momentum u}: Nesterov's momentum, where w is the point
     * ahead at which the gradient is computed (Bengio et al., 2013, "Advances in Optimizing
     * Recurrent Networks", section 3.5).
     */
    NESTEROV
  }

  /** Settings with classical momentum. */
  public StepSettings(float learningRate, float momentum, float weightDecay, float clipNorm) {
    this(learningRate, momentum, Momentum.CLASSICAL, weightDecay, clipNorm);
  }

  /** Settings with classical momentum, without a bound on the gradient. */
  public StepSettings(float learningRate, float momentum, float weightDecay) {
    this(learningRate, momentum, weightDecay, UNCLIPPED);
  }

  /** The factor of {@code v - u} that a step adds to the parameters in addition to v. */
  public float ahead() {
    return kind == Momentum.NESTEROV ? momentum : 0;
  }
}
