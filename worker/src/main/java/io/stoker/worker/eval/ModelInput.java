// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.data.image.ImageShape;
import io.stoker.models.spec.Shape;

/** The shape of images, in the words of models and of data, which know nothing of each other. */
public final class ModelInput {
  private ModelInput() {}

  /** What a model takes, as images. */
  public static ImageShape images(Shape input) {
    return new ImageShape(input.height(), input.width(), input.channels());
  }

  /** What a data set holds, as the input of a model. */
  public static Shape shape(ImageShape images) {
    return new Shape(images.height(), images.width(), images.channels());
  }
}
