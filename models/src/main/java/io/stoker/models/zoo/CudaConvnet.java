// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;

/**
 * The nets for CIFAR-10 that came with Krizhevsky's cuda-convnet (2011), named after their test
 * error.
 *
 * <p>There, a pooling window may begin inside the image and end outside of it; here, a row and a
 * column of padding give the same sizes (16, 8, 4) and the same maxima, while an average at the
 * border counts them as zeros.
 */
final class CudaConvnet {
  private static final Activation RELU = new Activation(ActivationFunction.RELU);
  private static final Window HALVING = new Window(3, 2, 1, new Padding(0, 0, 1, 1));
  private static final Pooling MAXIMUM = new Pooling(Pooling.Kind.MAXIMUM, HALVING);
  private static final Pooling AVERAGE = new Pooling(Pooling.Kind.AVERAGE, HALVING);

  private CudaConvnet() {}

  /**
   * The 18 % net ({@code layers-18pct.cfg}). Difference: there, normalization is over neighbouring
   * pixels of one map; here, it is over neighbouring maps, with the same size and factors.
   */
  static ModelSpec eighteen(Shape input, int classes) {
    LocalResponseNormalization lrn = new LocalResponseNormalization(3, 1, 5e-5f / 3, 0.75f);
    return new ModelSpec(
        "cuda-convnet-18",
        input,
        List.of(
            conv(32, 0.0001f),
            MAXIMUM,
            RELU,
            lrn,
            conv(32, 0.01f),
            RELU,
            AVERAGE,
            lrn,
            conv(64, 0.01f),
            RELU,
            AVERAGE,
            new Dense(classes, new Initializer.Gaussian(0.01f), 0)));
  }

  /**
   * The 13 % net ({@code layers-conv-local-13pct.cfg}). Difference: there, the third and fourth
   * layers are locally connected, with different weights at each place; here, they are convolutions
   * of the same widths.
   */
  static ModelSpec thirteen(Shape input, int classes) {
    LocalResponseNormalization lrn = new LocalResponseNormalization(9, 1, 0.001f / 9, 0.75f);
    Initializer local = new Initializer.Gaussian(0.04f);
    return new ModelSpec(
        "cuda-convnet-13",
        input,
        List.of(
            conv(64, 0.0001f),
            RELU,
            MAXIMUM,
            lrn,
            conv(64, 0.01f),
            RELU,
            lrn,
            MAXIMUM,
            new Convolution(64, Window.of(3).padded(1), 1, local, 0),
            RELU,
            new Convolution(32, Window.of(3).padded(1), 1, local, 0),
            RELU,
            new Dense(classes, new Initializer.Gaussian(0.01f), 0)));
  }

  private static LayerSpec conv(int filters, float deviation) {
    return new Convolution(
        filters, Window.of(5).padded(2), 1, new Initializer.Gaussian(deviation), 0);
  }
}
