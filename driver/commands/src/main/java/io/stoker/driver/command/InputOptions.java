// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.data.augment.Augmentation;
import io.stoker.data.augment.Mixing;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
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

  public TrainingInput input(ImageShape data) {
    return new TrainingInput(
        image(data), Augmentation.parse(augmentations), new Mixing(mixup, cutmix));
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
