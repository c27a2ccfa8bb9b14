// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.SizeSchedule;
import io.stoker.data.plan.Sampling;
import io.stoker.failure.Check;
import java.util.List;

/**
 * What a job trains on.
 *
 * @param uri where the shards and their manifest are: a local path, {@code hdfs://} or {@code
 *     s3a://}
 * @param augmentations names of augmentations, applied in this order, in one spelling each
 * @param mixup the alpha of mixup, 0 for none
 * @param cutmix the alpha of CutMix, 0 for none
 * @param sampling how often an epoch has each sample
 * @param repeats how often a step has each of its samples, 1 for once
 * @param sizes the {@link #sizeSchedule} as text
 */
public record DataConfig(
    String uri,
    List<String> augmentations,
    double mixup,
    double cutmix,
    Sampling sampling,
    int repeats,
    String sizes) {
  public DataConfig {
    Check.input(!uri.isBlank(), "Missing data: say --data URI (a folder made by stoker prepare)");
    augmentations = Augmentation.canonical(augmentations);
    mixup = new Mixing(mixup, cutmix).mixup();
    sizes = SizeSchedule.parse(sizes).toString();
  }

  /** The size of the images in each epoch. */
  public SizeSchedule sizeSchedule() {
    return SizeSchedule.parse(sizes);
  }

  /** How the examples of a batch are mixed. */
  public Mixing mixing() {
    return new Mixing(mixup, cutmix);
  }
}
