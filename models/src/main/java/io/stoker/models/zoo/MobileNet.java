// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.DepthwiseConvolution;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;

/**
 * MobileNet: Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto and Adam, 2017, "MobileNets:
 * Efficient Convolutional Neural Networks for Mobile Vision Applications", table 1, of width 1.
 * 4,231,976 parameters for 1,000 classes. Windows of stride 2 have the same padding on all sides;
 * in TensorFlow's form it is below and on the right only.
 */
final class MobileNet {
  private static final Initializer HE = new Initializer.HeFanOut();

  /** Filters and stride of each separable convolution. */
  private static final int[][] BLOCKS = {
    {64, 1},
    {128, 2},
    {128, 1},
    {256, 2},
    {256, 1},
    {512, 2},
    {512, 1},
    {512, 1},
    {512, 1},
    {512, 1},
    {512, 1},
    {1024, 2},
    {1024, 1}
  };

  private MobileNet() {}

  static ModelSpec first(Shape input, int classes) {
    Parts net =
        new Parts("mobilenet-v1", input).add(Parts.rectified(32, Window.of(3).by(2).padded(1), HE));
    for (int i = 0; i < BLOCKS.length; i++) {
      net.add(separable(i + 1, BLOCKS[i][0], BLOCKS[i][1]));
    }
    return net.add(
            new GlobalAveragePooling(), new Dense(classes, new Initializer.Gaussian(0.01f), 0))
        .model();
  }

  /** Figure 3, right: a depthwise and a 1x1 convolution, each normalized and rectified. */
  private static Sequence separable(int number, int filters, int stride) {
    return new Sequence(
        "separable" + number,
        Parts.dissolved(
            List.of(
                new DepthwiseConvolution(1, Window.of(3).by(stride).padded(1), HE, 0, false),
                Parts.NORMALIZATION,
                Parts.RELU,
                Parts.rectified(filters, Window.of(1), HE))));
  }
}
