// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;

/**
 * Network In Network for CIFAR-10: Lin, Chen and Yan, 2014, "Network In Network", section 4.2, with
 * the widths and first weights, N(0, 0.05), of the authors' Caffe model. 966,986 parameters for 10
 * classes.
 */
final class NetworkInNetwork {
  private static final Initializer WEIGHTS = new Initializer.Gaussian(0.05f);
  private static final Dropout HALF = new Dropout(0.5f);

  private NetworkInNetwork() {}

  static ModelSpec model(Shape input, int classes) {
    Parts net = new Parts("nin", input).add(mlpconv(5, 192, 160, 96)).maximumToTheEdge(3);
    net.add(HALF, mlpconv(5, 192, 192, 192));
    net.add(new Pooling(Pooling.Kind.AVERAGE, net.toTheEdge(3)));
    return net.add(HALF, mlpconv(3, 192, 192, classes), new GlobalAveragePooling()).model();
  }

  /** Section 3.1: a convolution and two 1x1 convolutions, which are a perceptron at each pixel. */
  private static Sequence mlpconv(int kernel, int filters, int hidden, int outputs) {
    return Sequence.of(
        Parts.conv(filters, Window.of(kernel).padded(kernel / 2), WEIGHTS),
        Parts.RELU,
        Parts.conv(hidden, Window.of(1), WEIGHTS),
        Parts.RELU,
        Parts.conv(outputs, Window.of(1), WEIGHTS),
        Parts.RELU);
  }
}
