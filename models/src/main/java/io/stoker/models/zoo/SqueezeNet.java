// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Branches;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;

/**
 * SqueezeNet: Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer, 2016, "SqueezeNet: AlexNet-level
 * accuracy with 50x fewer parameters". First weights after He et al., 2015, and N(0, 0.01) in the
 * last convolution, as in torchvision; the paper names none.
 */
final class SqueezeNet {
  private static final Initializer HE = new Initializer.He();

  private SqueezeNet() {}

  /** The paper's net (table 1): 1,248,424 parameters for 1,000 classes. */
  static ModelSpec original(Shape input, int classes) {
    Parts net =
        new Parts("squeezenet", input)
            .add(Parts.conv(96, Window.of(7).by(2), HE), Parts.RELU)
            .maximumToTheEdge(3)
            .add(fire(2, 16, 64), fire(3, 16, 64), fire(4, 32, 128))
            .maximumToTheEdge(3)
            .add(fire(5, 32, 128), fire(6, 48, 192), fire(7, 48, 192), fire(8, 64, 256))
            .maximumToTheEdge(3)
            .add(fire(9, 64, 256));
    return classified(net, classes);
  }

  /**
   * Version 1.1 of the authors: smaller filters in the first layer, and pooling earlier, for less
   * than half of the arithmetic. 1,235,496 parameters for 1,000 classes.
   */
  static ModelSpec second(Shape input, int classes) {
    Parts net =
        new Parts("squeezenet-1.1", input)
            .add(Parts.conv(64, Window.of(3).by(2), HE), Parts.RELU)
            .maximumToTheEdge(3)
            .add(fire(2, 16, 64), fire(3, 16, 64))
            .maximumToTheEdge(3)
            .add(fire(4, 32, 128), fire(5, 32, 128))
            .maximumToTheEdge(3)
            .add(fire(6, 48, 192), fire(7, 48, 192), fire(8, 64, 256), fire(9, 64, 256));
    return classified(net, classes);
  }

  private static ModelSpec classified(Parts net, int classes) {
    return net.add(
            new Dropout(0.5f),
            Parts.conv(classes, Window.of(1), new Initializer.Gaussian(0.01f)),
            Parts.RELU,
            new GlobalAveragePooling())
        .model();
  }

  /** Section 3.2: a squeeze by 1x1 filters, and an expansion by 1x1 and 3x3 filters. */
  private static Sequence fire(int number, int squeezed, int expanded) {
    return new Sequence(
        "fire" + number,
        List.of(
            Parts.conv(squeezed, Window.of(1), HE),
            Parts.RELU,
            new Branches(
                "",
                List.of(
                    Sequence.of(Parts.conv(expanded, Window.of(1), HE), Parts.RELU),
                    Sequence.of(Parts.conv(expanded, Window.of(3).padded(1), HE), Parts.RELU)))));
  }
}
