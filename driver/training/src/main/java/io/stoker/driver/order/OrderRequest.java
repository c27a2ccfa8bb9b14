// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.order;

import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.worker.runtime.TrainingData;

/**
 * The epoch that an {@link OrderJob} reads.
 *
 * @param data the folder of shards
 * @param split the split's name
 * @param image the shape of the images that the model takes, see {@link TrainingInput}
 * @param augmentations as in a job
 * @param order which worker reads which sample when
 * @param epoch from 0
 */
public record OrderRequest(
    String data,
    String split,
    ImageShape image,
    String augmentations,
    TrainingData.Order order,
    int epoch) {}
