// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;

/**
 * VGG nets: Simonyan and Zisserman, 2015, "Very Deep Convolutional Networks for Large-Scale Image
 * Recognition", table 1. First weights as in torchvision (He et al., 2015, by fan-out; N(0, 0.01)
 * in the dense layers), which need no pre-training of a shallower net as the paper's N(0, 0.1)
 * does.
 */
final class Vgg {
  private static final Initializer HE = new Initializer.HeFanOut();
  private static final Initializer DENSE = new Initializer.Gaussian(0.01f);
  private static final Pooling HALVING = new Pooling(Pooling.Kind.MAXIMUM, Window.of(2).by(2));
  private static final Dropout HALF = new Dropout(0.5f);

  private static final int[] WIDTHS = {64, 128, 256, 512, 512};

  private Vgg() {}

  /** Configuration A: 132,863,336 parameters for 1,000 classes and images of 224x224. */
  static ModelSpec eleven(Shape input, int classes) {
    return model("vgg-11", input, classes, false, 1, 1, 2, 2, 2);
  }

  /** Configuration D: 138,357,544 parameters for 1,000 classes and images of 224x224. */
  static ModelSpec sixteen(Shape input, int classes) {
    return model("vgg-16", input, classes, false, 2, 2, 3, 3, 3);
  }

  /** {@link #eleven} with batch normalization before each rectifier: 132,868,840 parameters. */
  static ModelSpec elevenNormalized(Shape input, int classes) {
    return model("vgg-11-bn", input, classes, true, 1, 1, 2, 2, 2);
  }

  /** {@link #sixteen} with batch normalization before each rectifier: 138,365,992 parameters. */
  static ModelSpec sixteenNormalized(Shape input, int classes) {
    return model("vgg-16-bn", input, classes, true, 2, 2, 3, 3, 3);
  }

  /** As in torchvision, convolutions keep their biases where normalization follows. */
  private static ModelSpec model(
      String name, Shape input, int classes, boolean normalized, int... depths) {
    Parts net = new Parts(name, input);
    for (int stage = 0; stage < depths.length; stage++) {
      for (int i = 0; i < depths[stage]; i++) {
        net.add(Parts.conv(WIDTHS[stage], Window.of(3).padded(1), HE));
        if (normalized) {
          net.add(Parts.NORMALIZATION);
        }
        net.add(Parts.RELU);
      }
      net.add(HALVING);
    }
    return net.add(
            new Dense(4096, DENSE, 0),
            Parts.RELU,
            HALF,
            new Dense(4096, DENSE, 0),
            Parts.RELU,
            HALF,
            new Dense(classes, DENSE, 0))
        .model();
  }
}
