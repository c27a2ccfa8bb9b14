// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.data.augment.View;
import io.stoker.data.augment.Views;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;

/** Which windows of an image a network is shown, and whose outputs are averaged. */
public enum Crops {
  /** The middle. */
  CENTRE(1) {
    @Override
    public Views of(ImageShape images, ImageShape input) {
      return Views.centre(images, input);
    }
  },

  /**
   * The four corners and the middle, and these mirrored (Krizhevsky et al., 2012, "ImageNet
   * Classification with Deep Convolutional Neural Networks", section 4.1).
   */
  TEN(10) {
    @Override
    public Views of(ImageShape images, ImageShape input) {
      Check.input(
          images.height() > input.height() || images.width() > input.width(),
          "Ten crops need images larger than the model's input: both are %s (prepare the data with a"
              + " larger --size, and train on it with --augment crop)",
          input);
      return new Views(images, input, View.ten(images, input));
    }
  };

  private final int count;

  Crops(int count) {
    this.count = count;
  }

  /** How many there are of each image. */
  public int count() {
    return count;
  }

  /**
   * The windows.
   *
   * @param images the shape of the images
   * @param input the shape that the network takes
   * @throws io.stoker.failure.InputException if the images have no room for them
   */
  public abstract Views of(ImageShape images, ImageShape input);

  /**
   * Averages the probabilities of each image's windows.
   *
   * @param probabilities {@code [images, windows, classes]}; receives {@code [images, classes]} at
   *     its start
   * @param images how many there are
   * @param classes how many classes there are
   */
  public void average(float[] probabilities, int images, int classes) {
    if (count == 1) {
      return;
    }
    for (int i = 0; i < images; i++) {
      for (int label = 0; label < classes; label++) {
        double sum = 0;
        for (int window = 0; window < count; window++) {
          sum += probabilities[(i * count + window) * classes + label];
        }
        probabilities[i * classes + label] = (float) (sum / count);
      }
    }
  }
}
