// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.worker.runtime.TrainingData;
import picocli.CommandLine.Option;

/** Options for the input that training would make of images, for commands without a model. */
public final class InputOptions {
  @Option(
      names = "--augment",
      paramLabel = "NAME,...",
      defaultValue = "crop,flip",
      description =
          "Augmentations of training; docs/data.md lists them (default: ${DEFAULT-VALUE}).")
  private String augmentations;

  @Option(
      names = "--mixup",
      paramLabel = "ALPHA",
      defaultValue = "0",
      description = "Mix images as train --mixup does (default: ${DEFAULT-VALUE}, none).")
  private double mixup;

  @Option(
      names = "--cutmix",
      paramLabel = "ALPHA",
      defaultValue = "0",
      description = "Mix images as train --cutmix does (default: ${DEFAULT-VALUE}, none).")
  private double cutmix;

  @Option(
      names = "--input-size",
      paramLabel = "N",
      description =
          "Height and width of the images that the model takes, such as 227 for alexnet (default:"
              + " those of the data).")
  private Integer inputSize;

  public String augmentations() {
    return augmentations;
  }

  /**
   * Checks the options, whatever the images.
   *
   * @throws io.stoker.failure.InputException if one of them is invalid
   */
  public void check() {
    Augmentation.parse(augmentations);
    mixing();
  }

  private Mixing mixing() {
    return new Mixing(mixup, cutmix);
  }

  /** What training would make of images of this shape. */
  public TrainingInput input(ImageShape data) {
    return images(data).input();
  }

  /** The same, for tasks. */
  public TrainingData.Images images(ImageShape data) {
    return new TrainingData.Images(image(data), augmentations, mixing());
  }

  private ImageShape image(ImageShape data) {
    if (inputSize == null) {
      return data;
    }
    int most = Math.min(data.height(), data.width());
    Check.input(
        inputSize >= 1 && inputSize <= most,
        "Invalid --input-size: %d (must be 1 to %d, the data's images are %s)",
        inputSize,
        most,
        data);
    return new ImageShape(inputSize, inputSize, data.channels());
  }
}
