// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

/**
 * The loss and the hits of one batch.
 *
 * @param lossSum the sum of the examples' cross-entropy, in nats. Of a weighted batch, the weighted
 *     mean times the number of examples, so that {@code lossSum / examples} is the loss whose
 *     gradient was computed
 * @param correct the number of examples whose own class was the most probable one
 * @param examples the number of examples
 */
public record BatchScore(double lossSum, int correct, int examples) {}
