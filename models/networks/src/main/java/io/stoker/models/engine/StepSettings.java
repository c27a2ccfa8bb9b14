// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.io.Serializable;

/**
 * The settings of one step of stochastic gradient descent, or of {@link Adam}.
 *
 * @param learningRate the factor of the mean gradient
 * @param momentum the share of the velocity that a step keeps, 0 to below 1; of Adam, the share of
 *     the first moment
 * @param kind how the velocity changes the parameters
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm that the whole gradient may have; a longer gradient is scaled
 *     down to it (Pascanu et al., 2013). {@link #UNCLIPPED} for no bound
 * @param adam what AdamW needs besides; {@link Adam#NONE} for stochastic gradient descent
 */
public record StepSettings(
    float learningRate, float momentum, Momentum kind, float weightDecay, float clipNorm, Adam adam)
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

  /**
   * AdamW (Loshchilov and Hutter, 2019, "Decoupled Weight Decay Regularization", algorithm 2), with
   * the first moment m, the second moment s and the step's number t, where {@code b1} is the
   * momentum:
   *
   * <pre>{@code
   * w = w - rate * decay * w
   * m = b1 * m + (1 - b1) * g
   * s = b2 * s + (1 - b2) * g^2
   * w = w - rate * (m / (1 - b1^t)) / (sqrt(s / (1 - b2^t)) + epsilon)
   * }</pre>
   *
   * @param secondMomentum b2, the share of the second moment that a step keeps; 0 without AdamW
   * @param epsilon bounds the step where the second moment is small
   * @param step t, the number of the step, from 1
   */
  public record Adam(float secondMomentum, float epsilon, long step) implements Serializable {
    /** Stochastic gradient descent. */
    public static final Adam NONE = new Adam(0, 0, 0);

    /** What the first moment, with its share b1, is divided by: {@code 1 - b1^t}. */
    public double firstCorrection(float momentum) {
      return 1 - power(momentum, step);
    }

    /** What the root of the second moment is divided by: {@code sqrt(1 - b2^t)}. */
    public double secondCorrection() {
      return Math.sqrt(1 - power(secondMomentum, step));
    }

    /** By squaring: the same bits everywhere, and no objects, which StrictMath.pow makes. */
    private static double power(double base, long exponent) {
      double power = 1;
      double square = base;
      for (long left = exponent; left > 0; left >>= 1) {
        if ((left & 1) == 1) {
          power *= square;
        }
        square *= square;
      }
      return power;
    }
  }

  /** Settings of stochastic gradient descent. */
  public StepSettings(
      float learningRate, float momentum, Momentum kind, float weightDecay, float clipNorm) {
    this(learningRate, momentum, kind, weightDecay, clipNorm, Adam.NONE);
  }

  /** Settings with classical momentum. */
  public StepSettings(float learningRate, float momentum, float weightDecay, float clipNorm) {
    this(learningRate, momentum, Momentum.CLASSICAL, weightDecay, clipNorm);
  }

  /** Settings with classical momentum, without a bound on the gradient. */
  public StepSettings(float learningRate, float momentum, float weightDecay) {
    this(learningRate, momentum, weightDecay, UNCLIPPED);
  }

  /** Whether the step is one of AdamW. */
  public boolean isAdam() {
    return adam.secondMomentum() > 0;
  }

  /** How many vectors the updater state has, each as long as the parameters. */
  public int stateVectors() {
    return isAdam() ? 2 : momentum > 0 ? 1 : 0;
  }

  /** The factor of {@code v - u} that a step adds to the parameters in addition to v. */
  public float ahead() {
    return kind == Momentum.NESTEROV ? momentum : 0;
  }
}
