package io.stoker.models.engine;

/**
 * What one step of stochastic gradient descent depends on beside the gradient.
 *
 * @param learningRate the step's rate, per mean gradient
 * @param momentum the velocity's retention, 0 to below 1
 * @param kind what the velocity does to the parameters
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm that the gradient as a whole may have; a longer one is scaled
 *     down to it (Pascanu et al., 2013). {@link #UNCLIPPED} for none
 */
public record StepSettings(
    float learningRate, float momentum, Momentum kind, float weightDecay, float clipNorm) {
  /** No bound on the gradient. */
  public static final float UNCLIPPED = Float.POSITIVE_INFINITY;

  /** What a step does with the velocity v, which was u before it. */
  public enum Momentum {
    /** {@code w = w + v}. */
    CLASSICAL,
    /**
     * {@code w = w + (1 + momentum) v - momentum u}: Nesterov's, of which w is the point ahead at
     * which the gradient is taken (Bengio et al., 2013, "Advances in Optimizing Recurrent
     * Networks", section 3.5).
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

  /** By how much of its own change a velocity goes beyond itself. */
  public float ahead() {
    return kind == Momentum.NESTEROV ? momentum : 0;
  }
}
