package io.stoker.models.engine;

/**
 * What one step of stochastic gradient descent depends on beside the gradient.
 *
 * @param learningRate the step's rate, per mean gradient
 * @param momentum the velocity's retention, 0 to below 1
 * @param weightDecay the L2 factor on weights
 * @param clipNorm the largest L2 norm that the gradient as a whole may have; a longer one is scaled
 *     down to it (Pascanu et al., 2013). {@link #UNCLIPPED} for none
 */
public record StepSettings(float learningRate, float momentum, float weightDecay, float clipNorm) {
  /** No bound on the gradient. */
  public static final float UNCLIPPED = Float.POSITIVE_INFINITY;

  /** Settings without a bound on the gradient. */
  public StepSettings(float learningRate, float momentum, float weightDecay) {
    this(learningRate, momentum, weightDecay, UNCLIPPED);
  }
}
