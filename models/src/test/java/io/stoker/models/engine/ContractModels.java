// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.LocalResponseNormalization;
import io.stoker.models.spec.LayerSpec.Lstm;
import io.stoker.models.spec.LayerSpec.Pooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;
import java.util.stream.Stream;

/** Small models that between them have every layer in every setting that matters. */
final class ContractModels {
  private static final Initializer ANY = new Initializer.Glorot();

  private ContractModels() {}

  /** Models without dropout, each of one thing. */
  static Stream<ModelSpec> all() {
    return Stream.of(
        model("dense alone", new Shape(1, 1, 7), dense(4)),
        model("an image flattened", new Shape(3, 2, 3), dense(5), tanh(), dense(3)),
        model(
            "sigmoid",
            new Shape(1, 1, 6),
            dense(5),
            activation(ActivationFunction.SIGMOID),
            dense(3)),
        model(
            "scaled tanh",
            new Shape(1, 1, 6),
            dense(5),
            activation(ActivationFunction.SCALED_TANH),
            dense(3)),
        model(
            "an activation after another",
            new Shape(1, 1, 6),
            dense(5),
            tanh(),
            activation(ActivationFunction.SIGMOID),
            tanh(),
            dense(3)),
        model(
            "rectifier",
            new Shape(1, 1, 6),
            dense(8),
            activation(ActivationFunction.RELU),
            dense(3)),
        model(
            "leaky rectifier",
            new Shape(1, 1, 6),
            dense(8),
            activation(ActivationFunction.LEAKY_RELU),
            dense(3)),
        model("an activation first", new Shape(1, 1, 6), tanh(), dense(3)),
        model(
            "two activations",
            new Shape(1, 1, 6),
            dense(5),
            activation(ActivationFunction.LEAKY_RELU),
            tanh(),
            dense(3)),
        model("convolution", new Shape(6, 5, 2), conv(3, 3, 1, 0), tanh(), dense(3)),
        model(
            "convolution without activation",
            new Shape(6, 5, 2),
            conv(3, 3, 1, 0),
            conv(2, 2, 1, 0),
            dense(3)),
        model("convolution padded", new Shape(5, 6, 1), conv(3, 3, 1, 1), tanh(), dense(2)),
        model("convolution with stride", new Shape(8, 9, 3), conv(4, 3, 2, 1), tanh(), dense(3)),
        model("stride beyond the kernel", new Shape(7, 7, 2), conv(3, 2, 3, 0), tanh(), dense(3)),
        model("one by one convolution", new Shape(4, 4, 5), conv(17, 1, 1, 0), tanh(), dense(3)),
        model(
            "convolutions in a row",
            new Shape(7, 7, 1),
            conv(3, 3, 1, 1),
            tanh(),
            conv(4, 3, 2, 0),
            tanh(),
            dense(3)),
        model(
            "max pooling",
            new Shape(6, 6, 2),
            conv(3, 3, 1, 1),
            pool(Pooling.Kind.MAXIMUM, 2, 2, 0),
            dense(3)),
        model(
            "max pooling overlapping",
            new Shape(7, 7, 1),
            conv(4, 3, 1, 1),
            pool(Pooling.Kind.MAXIMUM, 3, 2, 0),
            dense(3)),
        model(
            "max pooling padded",
            new Shape(6, 6, 1),
            conv(4, 3, 1, 1),
            pool(Pooling.Kind.MAXIMUM, 3, 2, 1),
            dense(3)),
        model(
            "max pooling leaves pixels over",
            new Shape(8, 8, 1),
            conv(4, 3, 1, 1),
            pool(Pooling.Kind.MAXIMUM, 3, 2, 0),
            dense(3)),
        model(
            "average pooling",
            new Shape(6, 6, 2),
            conv(3, 3, 1, 1),
            pool(Pooling.Kind.AVERAGE, 2, 2, 0),
            dense(3)),
        model(
            "average pooling overlapping",
            new Shape(7, 7, 1),
            conv(4, 3, 1, 1),
            pool(Pooling.Kind.AVERAGE, 3, 2, 0),
            dense(3)),
        model(
            "average pooling padded",
            new Shape(6, 6, 1),
            conv(4, 3, 1, 1),
            pool(Pooling.Kind.AVERAGE, 3, 2, 1),
            dense(3)),
        model(
            "pooling first",
            new Shape(6, 6, 2),
            pool(Pooling.Kind.AVERAGE, 2, 2, 0),
            conv(3, 2, 1, 0),
            tanh(),
            dense(3)),
        model(
            "LRN as in AlexNet",
            new Shape(4, 4, 2),
            conv(9, 3, 1, 1),
            activation(ActivationFunction.RELU),
            lrn(5, 2, 1e-4f, 0.75f),
            dense(3)),
        model(
            "LRN that bites",
            new Shape(4, 4, 2),
            conv(7, 3, 1, 1),
            lrn(5, 1, 0.5f, 0.75f),
            dense(3)),
        model(
            "LRN over 3 channels",
            new Shape(4, 4, 2),
            conv(5, 3, 1, 1),
            tanh(),
            lrn(3, 1.5f, 0.3f, 0.6f),
            pool(Pooling.Kind.MAXIMUM, 2, 2, 0),
            dense(3)),
        model(
            "LRN wider than the channels",
            new Shape(3, 3, 2),
            conv(3, 2, 1, 0),
            lrn(7, 1, 0.4f, 0.75f),
            dense(3)),
        model(
            "a convolution in groups",
            new Shape(6, 5, 4),
            new Convolution(6, Window.of(3).padded(1), 2, ANY, 0.1f),
            tanh(),
            new Convolution(6, Window.of(2).by(2), 3, ANY, -0.1f),
            tanh(),
            dense(3)),
        model(
            "a dilated convolution",
            new Shape(9, 8, 2),
            new Convolution(4, new Window(3, 2, 2, Padding.of(1)), 1, ANY, 0),
            tanh(),
            new Convolution(3, new Window(2, 1, 2, Padding.NONE), 1, ANY, 0),
            dense(3)),
        model(
            "more padding on one side",
            new Shape(5, 6, 2),
            new Convolution(3, new Window(3, 2, 1, new Padding(0, 1, 2, 0)), 1, ANY, 0),
            tanh(),
            new Pooling(Pooling.Kind.AVERAGE, new Window(2, 2, 1, new Padding(0, 0, 1, 1))),
            dense(3)),
        model(
            "a maximum that covers the image",
            new Shape(8, 8, 2),
            new Convolution(3, Window.of(3).padded(1), 1, ANY, -0.5f),
            new Pooling(Pooling.Kind.MAXIMUM, new Window(3, 2, 1, new Padding(0, 0, 1, 1))),
            dense(3)),
        model(
            "batch normalization of images",
            new Shape(5, 5, 2),
            new Convolution(4, Window.of(3), 1, ANY, 0),
            new BatchNormalization(1e-3f, 0.8f),
            tanh(),
            dense(3)),
        model(
            "batch normalization of vectors",
            new Shape(1, 1, 6),
            dense(5),
            new BatchNormalization(1e-3f, 0.8f),
            tanh(),
            new BatchNormalization(1e-3f, 0.5f),
            dense(3)),
        model("an LSTM over rows", new Shape(5, 4, 1), new Lstm(3, ANY, 1), dense(3)),
        model(
            "an LSTM between others",
            new Shape(6, 5, 2),
            conv(3, 3, 1, 0),
            tanh(),
            new Lstm(5, ANY, 0.5f),
            activation(ActivationFunction.LEAKY_RELU),
            dense(4),
            tanh(),
            new Lstm(2, ANY, 0),
            dense(3)),
        model(
            "all of LeNet-5",
            new Shape(12, 12, 1),
            conv(4, 5, 1, 2),
            activation(ActivationFunction.SCALED_TANH),
            pool(Pooling.Kind.AVERAGE, 2, 2, 0),
            conv(6, 3, 1, 0),
            activation(ActivationFunction.SCALED_TANH),
            pool(Pooling.Kind.AVERAGE, 2, 2, 0),
            dense(10),
            activation(ActivationFunction.SCALED_TANH),
            dense(8),
            activation(ActivationFunction.SCALED_TANH),
            dense(10)),
        model(
            "all of AlexNet but dropout",
            new Shape(15, 15, 3),
            conv(6, 5, 2, 1),
            activation(ActivationFunction.RELU),
            lrn(5, 2, 1e-2f, 0.75f),
            pool(Pooling.Kind.MAXIMUM, 3, 2, 0),
            conv(8, 3, 1, 1),
            activation(ActivationFunction.RELU),
            pool(Pooling.Kind.MAXIMUM, 3, 2, 0),
            dense(9),
            activation(ActivationFunction.RELU),
            dense(4)));
  }

  /** A little of everything, dropout included. */
  static ModelSpec mixed() {
    return model(
        "mixed",
        new Shape(7, 7, 2),
        conv(4, 3, 1, 1),
        activation(ActivationFunction.RELU),
        lrn(3, 2, 0.1f, 0.75f),
        pool(Pooling.Kind.MAXIMUM, 3, 2, 0),
        conv(5, 2, 1, 0),
        tanh(),
        dense(9),
        tanh(),
        new Dropout(0.5f),
        dense(4));
  }

  /** The same without dropout. */
  static ModelSpec withoutDropout() {
    ModelSpec mixed = mixed();
    return new ModelSpec(
        "no dropout",
        mixed.input(),
        mixed.layers().stream().filter(layer -> !(layer instanceof Dropout)).toList());
  }

  static ModelSpec model(String name, Shape input, LayerSpec... layers) {
    return new ModelSpec(name, input, List.of(layers));
  }

  static LayerSpec dense(int units) {
    return new Dense(units, ANY, 0);
  }

  static LayerSpec conv(int filters, int kernel, int stride, int padding) {
    return new Convolution(filters, Window.of(kernel).by(stride).padded(padding), 1, ANY, 0);
  }

  static LayerSpec pool(Pooling.Kind kind, int kernel, int stride, int padding) {
    return new Pooling(kind, Window.of(kernel).by(stride).padded(padding));
  }

  static LayerSpec lrn(int size, float k, float alpha, float beta) {
    return new LocalResponseNormalization(size, k, alpha, beta);
  }

  static LayerSpec activation(ActivationFunction function) {
    return new Activation(function);
  }

  static LayerSpec tanh() {
    return activation(ActivationFunction.TANH);
  }
}
