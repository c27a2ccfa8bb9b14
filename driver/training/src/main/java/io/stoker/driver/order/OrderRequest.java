// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.order;

import io.stoker.worker.runtime.TrainingData;

/**
 * The epoch that an {@link OrderJob} reads.
 *
 * @param data the folder of shards
 * @param split the split's name
 * @param images what a network would see, as in a job
 * @param order which worker reads which sample when
 * @param epoch from 0
 */
public record OrderRequest(
    String data, String split, TrainingData.Images images, TrainingData.Order order, int epoch) {}
