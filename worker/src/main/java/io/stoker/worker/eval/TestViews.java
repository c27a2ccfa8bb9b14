// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.data.augment.View;
import io.stoker.data.augment.Views;
import io.stoker.data.image.ImageShape;
import io.stoker.failure.Check;
import io.stoker.failure.Suggestion;
import java.util.List;
import java.util.Locale;

/**
 * What a network is shown of an image in evaluation and prediction. Of several views, the class
 * probabilities are averaged, as in Krizhevsky et al., 2012, "ImageNet Classification with Deep
 * Convolutional Neural Networks", section 4.1, and not the logits. The mean of probabilities is a
 * distribution whatever the engine, and a view about which the network is not sure counts less than
 * one about which it is.
 */
public enum TestViews {
  /** The middle. */
  NONE(1) {
    @Override
    List<View> list(ImageShape images, ImageShape input) {
      return List.of(View.centre(images, input));
    }
  },

  /** The middle, and the same mirrored. */
  FLIP(1, 1) {
    @Override
    List<View> list(ImageShape images, ImageShape input) {
      return View.flipped(List.of(View.centre(images, input)));
    }
  },

  /**
   * The middle, which counts half, and the windows one pixel up and left and one pixel down and
   * right, a quarter each; all three also mirrored (Jordan, 2024, "94% on CIFAR-10 in 3.29 Seconds
   * on a Single GPU", section 3.5). Where a window leaves the image, it shows the reflection at the
   * border.
   */
  SHIFT(2, 1, 1, 2, 1, 1) {
    @Override
    List<View> list(ImageShape images, ImageShape input) {
      View centre = View.centre(images, input);
      return View.flipped(List.of(centre, centre.moved(-1), centre.moved(1)));
    }
  },

  /** The four corners and the middle, and these mirrored (Krizhevsky et al., 2012, section 4.1). */
  TEN_CROP(1, 1, 1, 1, 1, 1, 1, 1, 1, 1) {
    @Override
    List<View> list(ImageShape images, ImageShape input) {
      Check.input(
          images.height() > input.height() || images.width() > input.width(),
          "Ten crops need images larger than the model's input: both are %s (prepare the data with"
              + " a larger --size, and train on it with --augment crop; flip and shift need no"
              + " larger images)",
          input);
      return View.ten(images, input);
    }
  };

  /** How much each view counts. */
  @SuppressWarnings("ImmutableEnumChecker") // it is only read
  private final int[] weights;

  TestViews(int... weights) {
    this.weights = weights;
  }

  /**
   * The views of a name.
   *
   * @throws io.stoker.failure.InputException if there are none of this name
   */
  public static TestViews parse(String name) {
    return Suggestion.choose("test-time views", name, List.of(values()), TestViews::toString);
  }

  /** How many there are of each image. */
  public int count() {
    return weights.length;
  }

  abstract List<View> list(ImageShape images, ImageShape input);

  /**
   * The views.
   *
   * @param images the shape of the images
   * @param input the shape that the network takes
   * @throws io.stoker.failure.InputException if the images have no room for them
   */
  public Views of(ImageShape images, ImageShape input) {
    return new Views(images, input, list(images, input));
  }

  /**
   * Averages the probabilities of each image's views.
   *
   * @param probabilities {@code [images, views, classes]}; receives {@code [images, classes]} at
   *     its start
   * @param images how many there are
   * @param classes how many classes there are
   */
  public void average(float[] probabilities, int images, int classes) {
    if (count() == 1) {
      return;
    }
    int total = 0;
    for (int weight : weights) {
      total += weight;
    }
    for (int i = 0; i < images; i++) {
      for (int label = 0; label < classes; label++) {
        double sum = 0;
        for (int view = 0; view < weights.length; view++) {
          double probability = probabilities[(i * weights.length + view) * classes + label];
          sum += weights[view] * probability;
        }
        probabilities[i * classes + label] = (float) (sum / total);
      }
    }
  }

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
