package io.stoker.models.engine;

/**
 * What one step of stochastic gradient descent depends on beside the gradient.
 *
 * @param learningRate the step's rate, per mean gradient
 * @param momentum the velocity's retention, 0 to below 1
 * @param weightDecay the L2 factor on weights
 */
public record StepSettings(float learningRate, float momentum, float weightDecay) {}
