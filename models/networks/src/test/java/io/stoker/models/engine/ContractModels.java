// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec.Branches;
import io.stoker.models.spec.CompositeSpec.ChannelGate;
import io.stoker.models.spec.CompositeSpec.Residual;
import io.stoker.models.spec.CompositeSpec.Sequence;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.ChannelPadding;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.DepthwiseConvolution;
import io.stoker.models.spec.LayerSpec.Dropout;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
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
public final class ContractModels {
  private static final Initializer ANY = Initializer.Rule.GLOROT;

  private ContractModels() {}

  /** Models without dropout, each of one thing. */
  public static Stream<ModelSpec> all() {
    return Stream.concat(chains(), trees());
  }

  /** Layers that consist of layers, and those that came with them. */
  private static Stream<ModelSpec> trees() {
    LayerSpec relu = activation(ActivationFunction.RELU);
    Convolution plain = new Convolution(4, Window.of(3).padded(1), 1, ANY, 0);
    Sequence normalized = Sequence.of(plain.withoutBias(), new BatchNormalization(1e-3f, 0.8f));
    return Stream.of(
        model(
            "convolution without bias", new Shape(5, 5, 2), plain.withoutBias(), tanh(), dense(3)),
        model(
            "groups without bias",
            new Shape(5, 5, 4),
            new Convolution(6, Window.of(3).padded(1), 2, ANY, 0).withoutBias(),
            tanh(),
            dense(3)),
        model(
            "as many groups as channels",
            new Shape(5, 5, 4),
            new Convolution(8, Window.of(3).padded(1), 4, ANY, 0.1f),
            tanh(),
            dense(3)),
        model(
            "depthwise convolution",
            new Shape(6, 5, 3),
            depthwise(2, Window.of(3).by(2).padded(1), true),
            tanh(),
            depthwise(1, Window.of(2).padded(1), false),
            tanh(),
            dense(3)),
        model(
            "depthwise convolution of many channels",
            new Shape(4, 4, 2),
            conv(17, 1, 1, 0),
            depthwise(1, new Window(3, 1, 1, new Padding(0, 1, 2, 1)), true),
            tanh(),
            dense(3)),
        model(
            "global average",
            new Shape(5, 4, 2),
            conv(6, 3, 1, 0),
            tanh(),
            new GlobalAveragePooling(),
            dense(3)),
        model(
            "global average as the scores",
            new Shape(5, 4, 2),
            conv(6, 3, 1, 0),
            tanh(),
            conv(3, 1, 1, 0),
            new GlobalAveragePooling()),
        model(
            "global average of a vector", new Shape(1, 1, 5), dense(4), new GlobalAveragePooling()),
        model(
            "sequences",
            new Shape(5, 5, 2),
            new Sequence("one", List.of(conv(3, 3, 1, 0), Sequence.of(tanh()))),
            Sequence.of(dense(4), tanh()),
            dense(3)),
        model(
            "residual",
            new Shape(5, 5, 2),
            conv(4, 3, 1, 1),
            residual(Sequence.of(plain, tanh(), plain), Sequence.IDENTITY, Sequence.of(relu)),
            dense(3)),
        model(
            "residual first",
            new Shape(5, 5, 2),
            residual(
                Sequence.of(tanh(), plain),
                Sequence.of(tanh(), conv(4, 1, 1, 0)),
                Sequence.IDENTITY),
            tanh(),
            dense(3)),
        model(
            "residual with a projection",
            new Shape(5, 5, 3),
            conv(5, 3, 1, 1),
            tanh(),
            residual(
                Sequence.of(conv(16, 3, 2, 1), tanh(), conv(16, 1, 1, 0)),
                Sequence.of(conv(16, 1, 2, 0)),
                Sequence.of(relu)),
            new GlobalAveragePooling(),
            dense(3)),
        model(
            "channels of zeros",
            new Shape(5, 4, 2),
            conv(3, 3, 1, 0),
            new ChannelPadding(5),
            activation(ActivationFunction.SIGMOID),
            new ChannelPadding(16),
            conv(4, 3, 1, 1),
            tanh(),
            dense(3)),
        model(
            "blocks of channels of zeros",
            new Shape(5, 5, 3),
            conv(16, 3, 1, 1),
            tanh(),
            new ChannelPadding(40),
            activation(ActivationFunction.SIGMOID),
            conv(16, 1, 1, 0),
            tanh(),
            new GlobalAveragePooling(),
            new ChannelPadding(18),
            activation(ActivationFunction.SIGMOID),
            dense(3)),
        model(
            "residual without parameters in the shortcut",
            new Shape(6, 5, 3),
            conv(16, 3, 1, 1),
            tanh(),
            residual(
                Sequence.of(conv(16, 3, 2, 1), tanh(), conv(32, 3, 1, 1)),
                Sequence.of(
                    new Pooling(Pooling.Kind.AVERAGE, Window.of(1).by(2)), new ChannelPadding(32)),
                Sequence.of(tanh())),
            new GlobalAveragePooling(),
            dense(3)),
        model(
            "residual with normalization",
            new Shape(5, 5, 2),
            normalized,
            relu,
            residual(
                Sequence.of(normalized, tanh(), normalized),
                Sequence.IDENTITY,
                Sequence.of(tanh())),
            residual(normalized, normalized, Sequence.IDENTITY),
            dense(3)),
        model(
            "activation at the ends of a body",
            new Shape(5, 5, 2),
            conv(4, 3, 1, 1),
            residual(Sequence.of(tanh(), plain, tanh()), Sequence.IDENTITY, Sequence.IDENTITY),
            residual(Sequence.of(tanh()), Sequence.IDENTITY, Sequence.of(tanh())),
            residual(Sequence.of(plain, tanh()), Sequence.of(tanh()), Sequence.IDENTITY),
            dense(3)),
        model(
            "blocks in a block",
            new Shape(5, 5, 4),
            residual(
                Sequence.of(
                    residual(Sequence.of(plain, tanh()), Sequence.IDENTITY, Sequence.IDENTITY),
                    branches(Sequence.of(conv(3, 1, 1, 0), tanh()), Sequence.of(conv(1, 1, 1, 0)))),
                Sequence.of(Sequence.of(conv(4, 1, 1, 0))),
                Sequence.of(tanh())),
            dense(3)),
        model(
            "residual over vectors",
            new Shape(1, 1, 6),
            dense(5),
            residual(
                Sequence.of(tanh(), dense(5)), Sequence.of(dense(5), tanh()), Sequence.IDENTITY),
            dense(3)),
        model(
            "an image of one pixel added to a vector",
            new Shape(3, 3, 2),
            residual(
                Sequence.of(conv(5, 3, 1, 0)), Sequence.of(dense(5), tanh()), Sequence.of(tanh())),
            dense(3)),
        model(
            "branches",
            new Shape(6, 6, 2),
            conv(4, 3, 1, 1),
            tanh(),
            branches(
                Sequence.of(conv(3, 1, 1, 0), tanh()),
                Sequence.of(conv(2, 1, 1, 0), tanh(), conv(5, 3, 1, 1)),
                Sequence.of(pool(Pooling.Kind.AVERAGE, 3, 1, 1), conv(2, 1, 1, 0), relu),
                Sequence.IDENTITY),
            conv(4, 3, 1, 0),
            dense(3)),
        model(
            "branches of whole blocks of channels",
            new Shape(3, 3, 3),
            conv(16, 1, 1, 0),
            branches(Sequence.of(conv(32, 1, 1, 0), relu), Sequence.of(conv(16, 1, 1, 0))),
            tanh(),
            conv(3, 3, 1, 0),
            dense(3)),
        model(
            "branches first",
            new Shape(4, 4, 3),
            branches(Sequence.of(tanh(), conv(2, 1, 1, 0)), Sequence.IDENTITY),
            tanh(),
            dense(3)),
        model(
            "branches over vectors",
            new Shape(2, 3, 2),
            branches(Sequence.of(dense(4), tanh()), Sequence.of(dense(3))),
            dense(3)),
        model(
            "squeeze and excitation",
            new Shape(5, 4, 2),
            conv(6, 3, 1, 0),
            tanh(),
            gate(new GlobalAveragePooling(), dense(3), tanh(), dense(6), sigmoid()),
            conv(4, 2, 1, 0),
            dense(3)),
        model(
            "squeeze and excitation of blocks of channels",
            new Shape(3, 3, 3),
            conv(16, 1, 1, 0),
            residual(
                Sequence.of(
                    conv(16, 1, 1, 0),
                    tanh(),
                    gate(new GlobalAveragePooling(), dense(2), tanh(), dense(16), sigmoid())),
                Sequence.IDENTITY,
                Sequence.of(tanh())),
            new GlobalAveragePooling(),
            dense(3)),
        model(
            "a gate first, of convolutions",
            new Shape(4, 3, 3),
            gate(new GlobalAveragePooling(), conv(4, 1, 1, 0), tanh(), conv(3, 1, 1, 0), tanh()),
            gate(dense(3)),
            dense(3)),
        model(
            "a gate without parameters",
            new Shape(4, 3, 2),
            conv(5, 2, 1, 0),
            gate(new GlobalAveragePooling(), sigmoid()),
            tanh(),
            dense(3)),
        model(
            "a gate over vectors",
            new Shape(1, 1, 6),
            dense(5),
            tanh(),
            gate(dense(5), sigmoid()),
            dense(3)));
  }

  public static LayerSpec gate(LayerSpec... layers) {
    return new ChannelGate("", Sequence.of(layers));
  }

  private static LayerSpec sigmoid() {
    return activation(ActivationFunction.SIGMOID);
  }

  public static Residual residual(Sequence body, Sequence shortcut, Sequence after) {
    return new Residual("", body, shortcut, after);
  }

  public static Branches branches(Sequence... branches) {
    return new Branches("", List.of(branches));
  }

  private static LayerSpec depthwise(int multiplier, Window window, boolean biased) {
    return new DepthwiseConvolution(multiplier, window, ANY, 0, biased);
  }

  private static Stream<ModelSpec> chains() {
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
        model(
            "smooth rectifiers",
            new Shape(5, 5, 2),
            conv(4, 3, 1, 1),
            activation(ActivationFunction.GELU),
            pool(Pooling.Kind.MAXIMUM, 2, 2, 0),
            conv(17, 2, 1, 0),
            activation(ActivationFunction.SILU),
            dense(4),
            activation(ActivationFunction.SILU),
            activation(ActivationFunction.GELU),
            dense(3)),
        model(
            "smooth rectifiers around a residual block",
            new Shape(4, 4, 2),
            activation(ActivationFunction.SILU),
            conv(4, 3, 1, 1),
            new BatchNormalization(1e-3f, 0.8f),
            activation(ActivationFunction.GELU),
            residual(
                Sequence.of(
                    activation(ActivationFunction.GELU),
                    conv(4, 3, 1, 1),
                    activation(ActivationFunction.SILU)),
                Sequence.IDENTITY,
                Sequence.of(activation(ActivationFunction.GELU))),
            dense(3)),
        model(
            "scaled scores",
            new Shape(4, 4, 2),
            conv(4, 3, 1, 1),
            new LayerSpec.Scaling(2.5f),
            tanh(),
            new LayerSpec.Scaling(1.5f),
            new GlobalAveragePooling(),
            new LayerSpec.Scaling(0.25f),
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
        residual(
            Sequence.of(conv(4, 3, 1, 1), tanh(), conv(4, 1, 1, 0)),
            Sequence.IDENTITY,
            Sequence.of(tanh())),
        branches(Sequence.of(conv(2, 1, 1, 0)), Sequence.of(conv(3, 3, 1, 1), tanh())),
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

  public static ModelSpec model(String name, Shape input, LayerSpec... layers) {
    return new ModelSpec(name, input, List.of(layers));
  }

  public static LayerSpec dense(int units) {
    return new Dense(units, ANY, 0);
  }

  public static LayerSpec conv(int filters, int kernel, int stride, int padding) {
    return new Convolution(filters, Window.of(kernel).by(stride).padded(padding), 1, ANY, 0);
  }

  static LayerSpec pool(Pooling.Kind kind, int kernel, int stride, int padding) {
    return new Pooling(kind, Window.of(kernel).by(stride).padded(padding));
  }

  static LayerSpec lrn(int size, float k, float alpha, float beta) {
    return new LocalResponseNormalization(size, k, alpha, beta);
  }

  public static LayerSpec activation(ActivationFunction function) {
    return new Activation(function);
  }

  public static LayerSpec tanh() {
    return activation(ActivationFunction.TANH);
  }
}
