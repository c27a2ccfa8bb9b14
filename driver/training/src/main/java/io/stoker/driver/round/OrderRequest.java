// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.Sampling;

/**
 * The epoch that an {@link OrderJob} reads.
 *
 * @param data the folder of shards
 * @param split the split's name
 * @param image the shape of the images that the model takes, see {@link TrainingInput}
 * @param augmentations as in a job
 * @param sampling how often an epoch has each sample
 * @param seed the job's root seed
 * @param epoch from 0
 * @param workers logical workers
 * @param batch examples of a worker in a full step
 */
public record OrderRequest(
    String data,
    String split,
    ImageShape image,
    String augmentations,
    Sampling sampling,
    long seed,
    int epoch,
    int workers,
    int batch) {}
