package io.stoker.worker.runtime;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixup;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import java.io.Serializable;

/**
 * Which batches a worker reads, in words that fit into a task.
 *
 * @param uri the folder of shards
 * @param manifestSha256 what its manifest must be, so that all workers read the same data
 * @param split the split's name
 * @param image the shape of the images that the network takes
 * @param augmentations as {@link Augmentation#parse} takes them
 * @param mixup its alpha, 0 for none
 * @param seed the job's root seed
 * @param workers logical workers
 * @param batch examples of a worker in a full step
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
  /** Who reads what in an epoch over blocks of so many rows. */
  EpochPlan plan(int[] blockRows, int epoch) {
    return EpochPlan.of(blockRows, seed, epoch, workers, batch);
  }

  TrainingInput input() {
    return new TrainingInput(image, Augmentation.parse(augmentations), new Mixup(mixup));
  }
}
