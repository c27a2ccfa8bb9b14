// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.image.ImageShape;
import java.util.List;
import java.util.Optional;

/**
 * What a network is shown of the data in training.
 *
 * @param image the shape of the images that the network takes: as large as the data's, or smaller
 * @param augmentations applied in order; where none of them cuts a larger image to this shape, its
 *     middle is taken
 * @param mixing of the examples of a batch, after the augmentations
 * @param normalization in place of that by the statistics of the data
 * @param form how batches hold the images
 * @param sizes of the images in each epoch, the last of which is that of {@code image}
 */
public record TrainingInput(
    ImageShape image,
    List<Augmentation> augmentations,
    Mixing mixing,
    Optional<Normalization> normalization,
    ImageForm form,
    SizeSchedule sizes) {
  public TrainingInput {
    augmentations = List.copyOf(augmentations);
  }

  /** Normalised by the statistics of the data. */
  public TrainingInput(ImageShape image, List<Augmentation> augmentations, Mixing mixing) {
    this(image, augmentations, mixing, Optional.empty(), ImageForm.NORMALIZED, SizeSchedule.NONE);
  }

  /** Augmented, and not mixed. */
  public TrainingInput(ImageShape image, List<Augmentation> augmentations) {
    this(image, augmentations, Mixing.NONE);
  }

  /** The form of the batches: mixed images are no bytes. */
  ImageForm batchForm() {
    return mixing.isOn() ? ImageForm.NORMALIZED : form;
  }

  /** The data's images as they are. */
  public static TrainingInput plain(ImageShape image) {
    return new TrainingInput(image, List.of());
  }
}
