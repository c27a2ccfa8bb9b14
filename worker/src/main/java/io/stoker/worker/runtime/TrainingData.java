package io.stoker.worker.runtime;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixup;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import java.io.Serializable;

/**
 * Describes the batches that the workers of a job read. It is small, since it goes with every task.
 *
 * @param uri the folder of shards
 * @param manifestSha256 the SHA-256 that its manifest must have, so that all workers read the same
 *     data
 * @param split the split's name
 * @param image the shape of the images that the network takes
 * @param augmentations as {@link Augmentation#parse} takes them
 * @param mixup the alpha of mixup, 0 for none
 * @param seed the job's root seed
 * @param workers how many workers there are
 * @param batch the examples of a worker in a full step
 */
public record TrainingData(
    String uri,
    String manifestSha256,
    String split,
    ImageShape image,
    String augmentations,
    double mixup,
    long seed,
    int workers,
    int batch)
    implements Serializable {
  /**
   * Which worker reads which samples in an epoch.
   *
   * @param blockRows the number of samples of each block
   * @param epoch the epoch, from 0
   */
  EpochPlan plan(int[] blockRows, int epoch) {
    return EpochPlan.of(blockRows, seed, epoch, workers, batch);
  }

  TrainingInput input() {
    return new TrainingInput(image, Augmentation.parse(augmentations), new Mixup(mixup));
  }
}
