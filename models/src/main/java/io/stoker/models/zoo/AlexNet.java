// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * AlexNet and its variants: Krizhevsky, Sutskever and Hinton, 2012, "ImageNet Classification with
 * Deep Convolutional Neural Networks".
 */
final class AlexNet {
  /** Section 5. */
  private static final Initializer PAPER = new Initializer.Gaussian(0.01f);

  private static final Initializer HE = new Initializer.He();
  private static final Activation RELU = new Activation(ActivationFunction.RELU);

  /** Section 3.4: windows of 3 with a stride of 2 overlap. */
  private static final Pooling OVERLAPPING = new Pooling(Pooling.Kind.MAXIMUM, Window.of(3).by(2));

  /** Section 3.3. */
  private static final LocalResponseNormalization LRN =
      new LocalResponseNormalization(5, 2, 1e-4f, 0.75f);

  /** Section 4.2. */
  private static final Dropout HALF = new Dropout(0.5f);

  /** The height and width of images that {@link #mini} was made for. */
  private static final int MINI = 32;

  private AlexNet() {}

  /**
   * The network of 2012: grouped convolutions 2, 4 and 5 (the paper's two GPUs), response
   * normalization after the first two, overlapping pooling, dropout on the first two dense layers,
   * weights from N(0, 0.01), and a bias of 1 in convolutions 2, 4, 5 and the hidden dense layers.
   * 60,965,224 parameters for 1,000 classes. Images are 227x227: the paper says 224, which its own
   * output size of 55 contradicts.
   */
  static ModelSpec original(Shape input, int classes) {
    return grouped("alexnet", input, classes, LRN, OVERLAPPING, PAPER);
  }

  /**
   * CaffeNet, the reference model of Jia et al., 2014, "Caffe: Convolutional Architecture for Fast
   * Feature Embedding": AlexNet with pooling before normalization, which there has k = 1 and alpha
   * divided by the size, and N(0, 0.005) in the hidden dense layers. As many parameters as AlexNet.
   */
  static ModelSpec caffe(Shape input, int classes) {
    LayerSpec lrn = new LocalResponseNormalization(5, 1, 1e-4f / 5, 0.75f);
    Initializer hidden = new Initializer.Gaussian(0.005f);
    return grouped("caffenet", input, classes, OVERLAPPING, lrn, hidden);
  }

  /**
   * The two-group network.
   *
   * @param first the layer after each of the first two activations
   * @param second the layer after that one
   * @param hidden first weights of the hidden dense layers
   */
  private static ModelSpec grouped(
      String name,
      Shape input,
      int classes,
      LayerSpec first,
      LayerSpec second,
      Initializer hidden) {
    return new ModelSpec(
        name,
        input,
        List.of(
            conv(96, 11, 4, 0, 1, PAPER, 0),
            RELU,
            first,
            second,
            conv(256, 5, 1, 2, 2, PAPER, 1),
            RELU,
            first,
            second,
            conv(384, 3, 1, 1, 1, PAPER, 0),
            RELU,
            conv(384, 3, 1, 1, 2, PAPER, 1),
            RELU,
            conv(256, 3, 1, 1, 2, PAPER, 1),
            RELU,
            OVERLAPPING,
            new Dense(4096, hidden, 1),
            RELU,
            HALF,
            new Dense(4096, hidden, 1),
            RELU,
            HALF,
            new Dense(classes, PAPER, 0)));
  }

  /**
   * The one-tower variant of Krizhevsky, 2014, "One weird trick for parallelizing convolutional
   * neural networks", as in torchvision: narrower convolutions, no groups, no normalization,
   * dropout before the dense layers, images of 224x224. 61,100,840 parameters for 1,000 classes.
   */
  static ModelSpec oneTower(Shape input, int classes) {
    return new ModelSpec(
        "alexnet-owt",
        input,
        List.of(
            conv(64, 11, 4, 2),
            RELU,
            OVERLAPPING,
            conv(192, 5, 1, 2),
            RELU,
            OVERLAPPING,
            conv(384, 3, 1, 1),
            RELU,
            conv(256, 3, 1, 1),
            RELU,
            conv(256, 3, 1, 1),
            RELU,
            OVERLAPPING,
            HALF,
            new Dense(4096, HE, 0),
            RELU,
            HALF,
            new Dense(4096, HE, 0),
            RELU,
            new Dense(classes, PAPER, 0)));
  }

  /**
   * The widths of the paper in one tower: no groups, no local response normalization. 62,378,344
   * parameters for 1,000 classes. First weights after He et al., 2015, because those of the paper,
   * N(0, 0.01), are tuned to its normalization layers.
   */
  static ModelSpec single(Shape input, int classes) {
    return new ModelSpec(
        "alexnet-single",
        input,
        List.of(
            conv(96, 11, 4, 0),
            RELU,
            OVERLAPPING,
            conv(256, 5, 1, 2),
            RELU,
            OVERLAPPING,
            conv(384, 3, 1, 1),
            RELU,
            conv(384, 3, 1, 1),
            RELU,
            conv(256, 3, 1, 1),
            RELU,
            OVERLAPPING,
            new Dense(4096, HE, 0),
            RELU,
            HALF,
            new Dense(4096, HE, 0),
            RELU,
            HALF,
            new Dense(classes, PAPER, 0)));
  }

  /**
   * AlexNet's widths in one tower with batch normalization (Ioffe and Szegedy, 2015) before each
   * rectifier, in place of response normalization and dropout, as in Simon, Rodner and Denzler,
   * 2016, "ImageNet pre-trained models with batch normalization". 62,396,104 parameters for 1,000
   * classes.
   */
  static ModelSpec normalized(Shape input, int classes) {
    return new Parts("alexnet-bn", input)
        .add(
            Parts.rectified(96, Window.of(11).by(4), HE),
            OVERLAPPING,
            Parts.rectified(256, Window.of(5).padded(2), HE),
            OVERLAPPING,
            Parts.rectified(384, Window.of(3).padded(1), HE),
            Parts.rectified(384, Window.of(3).padded(1), HE),
            Parts.rectified(256, Window.of(3).padded(1), HE),
            OVERLAPPING,
            new Dense(4096, HE, 0),
            Parts.NORMALIZATION,
            RELU,
            new Dense(4096, HE, 0),
            Parts.NORMALIZATION,
            RELU,
            new Dense(classes, PAPER, 0))
        .model();
  }

  /**
   * The paper's ideas for images of 32x32 or 64x64: five convolutions, rectified units, response
   * normalization and overlapping pooling after the first two, dropout on two dense layers. Less
   * than a hundredth of AlexNet's parameters. For 64x64 the first convolution has a stride of 2, as
   * the paper's has 4 for 224, and the layers after it have the same sizes as for 32x32. So the two
   * are different networks with the same parameter tensors; {@link #miniRemark} tells users.
   */
  static ModelSpec mini(Shape input, int classes) {
    return new ModelSpec(
        "alexnet-mini",
        input,
        List.of(
            conv(32, 5, input.height() / MINI, 2),
            RELU,
            LRN,
            OVERLAPPING,
            conv(64, 5, 1, 2),
            RELU,
            LRN,
            OVERLAPPING,
            conv(96, 3, 1, 1),
            RELU,
            conv(96, 3, 1, 1),
            RELU,
            conv(64, 3, 1, 1),
            RELU,
            OVERLAPPING,
            new Dense(256, HE, 0),
            RELU,
            HALF,
            new Dense(256, HE, 0),
            RELU,
            HALF,
            new Dense(classes, new Initializer.Glorot(), 0)));
  }

  /** Says that {@link #mini} is another network for any input but 32x32. */
  static Optional<String> miniRemark(Shape input) {
    return input.height() == MINI
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "alexnet-mini for %s x %s inputs begins with stride %d: another network than for %d"
                    + " x %d, which begins with stride 1, though with as many parameters",
                input.height(),
                input.width(),
                input.height() / MINI,
                MINI,
                MINI));
  }

  private static LayerSpec conv(int filters, int kernel, int stride, int padding) {
    return conv(filters, kernel, stride, padding, 1, HE, 0);
  }

  private static LayerSpec conv(
      int filters,
      int kernel,
      int stride,
      int padding,
      int groups,
      Initializer weights,
      float bias) {
    return new Convolution(
        filters, Window.of(kernel).by(stride).padded(padding), groups, weights, bias);
  }
}
