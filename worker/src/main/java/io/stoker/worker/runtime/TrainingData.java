// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixup;
import io.stoker.data.batch.ImageForm;
import io.stoker.data.batch.Normalization;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

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
 * @param sampling how often an epoch has each sample
 * @param seed the job's root seed
 * @param workers how many workers there are
 * @param batch the examples of a worker in a full step
 * @param mean of each channel, in pixel units, in place of the data's; empty for the data's
 * @param standardDeviation likewise
 * @param form how batches hold the images; what they show is the same
 */
public record TrainingData(
    String uri,
    String manifestSha256,
    String split,
    ImageShape image,
    String augmentations,
    double mixup,
    Sampling sampling,
    long seed,
    int workers,
    int batch,
    List<Double> mean,
    List<Double> standardDeviation,
    ImageForm form)
    implements Serializable {
  public TrainingData {
    mean = List.copyOf(mean);
    standardDeviation = List.copyOf(standardDeviation);
  }

  /** Normalised by the data's own statistics. */
  public TrainingData(
      String uri,
      String manifestSha256,
      String split,
      ImageShape image,
      String augmentations,
      double mixup,
      Sampling sampling,
      long seed,
      int workers,
      int batch) {
    this(
        uri,
        manifestSha256,
        split,
        image,
        augmentations,
        mixup,
        sampling,
        seed,
        workers,
        batch,
        List.of(),
        List.of(),
        ImageForm.NORMALIZED);
  }

  /** The same batches, normalised by other numbers than the data's. */
  public TrainingData normalizedBy(List<Double> otherMean, List<Double> otherDeviation) {
    return new TrainingData(
        uri,
        manifestSha256,
        split,
        image,
        augmentations,
        mixup,
        sampling,
        seed,
        workers,
        batch,
        otherMean,
        otherDeviation,
        form);
  }

  /** The same batches in another form. */
  public TrainingData in(ImageForm other) {
    return new TrainingData(
        uri,
        manifestSha256,
        split,
        image,
        augmentations,
        mixup,
        sampling,
        seed,
        workers,
        batch,
        mean,
        standardDeviation,
        other);
  }

  /** Each sample once an epoch. */
  public TrainingData(
      String uri,
      String manifestSha256,
      String split,
      ImageShape image,
      String augmentations,
      double mixup,
      long seed,
      int workers,
      int batch) {
    this(
        uri,
        manifestSha256,
        split,
        image,
        augmentations,
        mixup,
        Sampling.NATURAL,
        seed,
        workers,
        batch);
  }

  /** Which worker reads which sample of an epoch when. */
  EpochPlan plan(SplitBlocks blocks, int epoch) {
    return blocks.plan(sampling, seed, epoch, workers, batch);
  }

  TrainingInput input() {
    return new TrainingInput(
        image,
        Augmentation.parse(augmentations),
        new Mixup(mixup),
        mean.isEmpty() ? Optional.empty() : Optional.of(new Normalization(mean, standardDeviation)),
        form);
  }
}
