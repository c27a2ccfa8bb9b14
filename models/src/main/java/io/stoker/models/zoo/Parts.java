// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.LayerSpec.Sequence;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;

/** Collects the layers of a model, and knows the shape after the last of them. */
final class Parts {
  static final Activation RELU = new Activation(ActivationFunction.RELU);

  /** As in torchvision: the running statistics keep 0.9 of themselves in a step. */
  static final BatchNormalization NORMALIZATION = new BatchNormalization(1e-5f, 0.9f);

  private final String name;
  private final Shape input;
  private final List<LayerSpec> layers = new ArrayList<>();
  private Shape shape;

  /**
   * @param name the model's name
   * @param input the shape of an image
   */
  Parts(String name, Shape input) {
    this.name = name;
    this.input = input;
    this.shape = input;
  }

  /** Adds layers; those of a sequence without a name one by one. */
  Parts add(LayerSpec... more) {
    for (LayerSpec layer : dissolved(List.of(more))) {
      layers.add(layer);
      shape = layer.outputShape(shape);
    }
    return this;
  }

  /**
   * Adds max pooling whose last window may reach beyond the image ({@code ceil_mode} of PyTorch),
   * as Caffe's pooling does: then there is a row and a column of padding, which the maximum
   * ignores.
   */
  Parts maximumToTheEdge(int kernel) {
    return add(new Pooling(Pooling.Kind.MAXIMUM, toTheEdge(kernel)));
  }

  /** A window of stride 2 that covers the whole image so far. */
  Window toTheEdge(int kernel) {
    int rows = (shape.height() - kernel) % 2;
    int columns = (shape.width() - kernel) % 2;
    return new Window(kernel, 2, 1, new Padding(0, 0, rows, columns));
  }

  ModelSpec model() {
    return new ModelSpec(name, input, layers);
  }

  /** A convolution with biases that begin with 0. */
  static Convolution conv(int filters, Window window, Initializer weights) {
    return new Convolution(filters, window, 1, weights, 0);
  }

  /** Convolution, normalization and rectifier: {@link #normalized} and a rectifier. */
  static Sequence rectified(int filters, Window window, Initializer weights) {
    return Sequence.of(conv(filters, window, weights).withoutBias(), NORMALIZATION, RELU);
  }

  /** A convolution without biases, as the normalization after it has its own. */
  static Sequence normalized(int filters, Window window, Initializer weights) {
    return Sequence.of(conv(filters, window, weights).withoutBias(), NORMALIZATION);
  }

  /** Layers and sequences as one sequence of layers. */
  static Sequence chain(LayerSpec... parts) {
    return new Sequence("", dissolved(List.of(parts)));
  }

  /** A list in which sequences without names are replaced by their layers. */
  static List<LayerSpec> dissolved(List<LayerSpec> parts) {
    List<LayerSpec> all = new ArrayList<>();
    for (LayerSpec part : parts) {
      if (part instanceof Sequence sequence && sequence.name().isEmpty()) {
        all.addAll(dissolved(sequence.layers()));
      } else {
        all.add(part);
      }
    }
    return all;
  }
}
