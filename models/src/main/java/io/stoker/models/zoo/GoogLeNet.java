// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Branches;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;

/**
 * GoogLeNet: Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich, 2015,
 * "Going Deeper with Convolutions", table 1. 6,624,904 parameters for 1,000 classes.
 *
 * <p>It is torchvision's form, which differs from the paper's: batch normalization after each
 * convolution (and no response normalization), 3x3 filters in the branch that has 5x5 in the paper,
 * the fourth pooling over 2x2, and dropout of 0.2. The two auxiliary classifiers, which torchvision
 * has in training, are left out.
 */
final class GoogLeNet {
  private static final Initializer WEIGHTS = new Initializer.Gaussian(0.01f);
  private static final BatchNormalization NORMALIZATION = new BatchNormalization(1e-3f, 0.9f);

  private GoogLeNet() {}

  static ModelSpec model(Shape input, int classes) {
    return new Parts("googlenet", input)
        .add(conv(64, Window.of(7).by(2).padded(3)))
        .maximumToTheEdge(3)
        .add(conv(64, Window.of(1)), conv(192, Window.of(3).padded(1)))
        .maximumToTheEdge(3)
        .add(inception("3a", 64, 96, 128, 16, 32, 32), inception("3b", 128, 128, 192, 32, 96, 64))
        .maximumToTheEdge(3)
        .add(
            inception("4a", 192, 96, 208, 16, 48, 64),
            inception("4b", 160, 112, 224, 24, 64, 64),
            inception("4c", 128, 128, 256, 24, 64, 64),
            inception("4d", 112, 144, 288, 32, 64, 64),
            inception("4e", 256, 160, 320, 32, 128, 128))
        .maximumToTheEdge(2)
        .add(
            inception("5a", 256, 160, 320, 32, 128, 128),
            inception("5b", 384, 192, 384, 48, 128, 128),
            new GlobalAveragePooling(),
            new Dropout(0.2f),
            new Dense(classes, WEIGHTS, 0))
        .model();
  }

  private static Sequence conv(int filters, Window window) {
    return Sequence.of(
        Parts.conv(filters, window, WEIGHTS).withoutBias(), NORMALIZATION, Parts.RELU);
  }

  /**
   * An inception module (figure 2b).
   *
   * @param one filters of the 1x1 branch
   * @param beforeThree filters of the 1x1 convolution before the 3x3
   * @param three filters of the 3x3 convolution
   * @param beforeFive filters of the 1x1 convolution before the branch that is 5x5 in the paper
   * @param five its filters
   * @param pooled filters of the 1x1 convolution after max pooling
   */
  private static Branches inception(
      String name, int one, int beforeThree, int three, int beforeFive, int five, int pooled) {
    Window point = Window.of(1);
    Window square = Window.of(3).padded(1);
    return new Branches(
        "inception" + name,
        List.of(
            conv(one, point),
            Parts.chain(conv(beforeThree, point), conv(three, square)),
            Parts.chain(conv(beforeFive, point), conv(five, square)),
            Parts.chain(new Pooling(Pooling.Kind.MAXIMUM, square), conv(pooled, point))));
  }
}
