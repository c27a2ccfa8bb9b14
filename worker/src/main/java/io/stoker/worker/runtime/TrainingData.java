// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.ImageForm;
import io.stoker.data.batch.Normalization;
import io.stoker.data.batch.SizeSchedule;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.EpochPlan;
import io.stoker.data.plan.Sampling;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;

/**
 * Describes the batches that the workers of a job read. It is small, because it goes with every
 * task.
 *
 * @param source which samples there are
 * @param order which worker reads which of them when
 * @param images what the network sees of them
 */
public record TrainingData(Source source, Order order, Images images) implements Serializable {
  /**
   * The samples of a split.
   *
   * @param uri the folder of shards
   * @param manifestSha256 the SHA-256 that its manifest must have, so that all workers read the
   *     same data
   * @param split the split's name
   */
  public record Source(String uri, String manifestSha256, String split) implements Serializable {}

  /**
   * The order of an epoch.
   *
   * @param sampling how often an epoch has each sample
   * @param repeats how often it has each of its samples in one step, 1 for once
   * @param seed the job's root seed
   * @param workers how many workers there are
   * @param batch the examples of a worker in a full step
   */
  public record Order(Sampling sampling, int repeats, long seed, int workers, int batch)
      implements Serializable {}

  /**
   * What the network sees.
   *
   * @param shape the shape of the images that the trained network takes
   * @param augmentations as {@link Augmentation#parse} takes them
   * @param mixing of the examples of a batch
   * @param mean of each channel, in pixel units, in place of the data's; empty for the data's
   * @param standardDeviation likewise
   * @param form how batches hold the images; what they show is the same
   * @param sizes of the images in each epoch
   */
  public record Images(
      ImageShape shape,
      String augmentations,
      Mixing mixing,
      List<Double> mean,
      List<Double> standardDeviation,
      ImageForm form,
      SizeSchedule sizes)
      implements Serializable {
    public Images {
      mean = List.copyOf(mean);
      standardDeviation = List.copyOf(standardDeviation);
    }

    /** Normalised by the data's own statistics, and of one size. */
    public Images(ImageShape shape, String augmentations, Mixing mixing) {
      this(
          shape,
          augmentations,
          mixing,
          List.of(),
          List.of(),
          ImageForm.NORMALIZED,
          SizeSchedule.NONE);
    }

    /** The input that tasks make of the images. */
    public TrainingInput input() {
      return new TrainingInput(
          shape,
          Augmentation.parse(augmentations),
          mixing,
          mean.isEmpty()
              ? Optional.empty()
              : Optional.of(new Normalization(mean, standardDeviation)),
          form,
          sizes);
    }
  }

  /** How many workers there are. */
  public int workers() {
    return order.workers();
  }

  /** Which worker reads which sample of an epoch when. */
  EpochPlan plan(SplitBlocks blocks, int epoch) {
    return blocks
        .plan(order.sampling(), order.seed(), epoch, order.workers(), order.batch())
        .repeated(order.repeats());
  }
}
