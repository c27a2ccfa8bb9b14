// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

/**
 * What a step minimises: the cross-entropy of a batch.
 *
 * @param labelSmoothing the share of each example's target that is spread over all classes, 0 for
 *     none
 * @param classWeights how much the examples of each class count
 */
public record LossConfig(double labelSmoothing, ClassWeighting classWeights) {}
