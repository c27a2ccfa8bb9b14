// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardManifest;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.eval.ModelInput;
import java.io.Serializable;
import java.util.List;

/**
 * What prediction needs to know of the training data.
 *
 * @param images their shape
 * @param classNames in label order
 * @param mean of each channel, in pixel units
 * @param standardDeviation what each channel is divided by, in pixel units, above 0
 * @param exactPixels whether image files were decoded in full
 */
public record DataDescription(
    ImageShape images,
    List<String> classNames,
    List<Double> mean,
    List<Double> standardDeviation,
    boolean exactPixels)
    implements Serializable {
  public DataDescription {
    classNames = List.copyOf(classNames);
    mean = List.copyOf(mean);
    standardDeviation = List.copyOf(standardDeviation);
  }

  /** This data, normalised by other numbers than its own. */
  public DataDescription normalizedBy(List<Double> otherMean, List<Double> otherDeviation) {
    return new DataDescription(images, classNames, otherMean, otherDeviation, exactPixels);
  }

  /**
   * What prediction needs of a model that was trained on the data.
   *
   * @param clock how far its training is
   */
  public ModelMetadata metadata(ModelSpec model, TrainingClock clock) {
    return new ModelMetadata(
            model, ModelInput.shape(images), classNames, mean, standardDeviation, clock)
        .withExactPixels(exactPixels);
  }

  /** That of a data set; a channel whose pixels are all equal is divided by 1. */
  public static DataDescription of(ShardManifest manifest) {
    return new DataDescription(
        manifest.image(),
        manifest.classNames(),
        manifest.statistics().mean(),
        manifest.statistics().standardDeviation().stream()
            .map(deviation -> deviation > 0 ? deviation : 1)
            .toList(),
        manifest.exactPixels());
  }
}
