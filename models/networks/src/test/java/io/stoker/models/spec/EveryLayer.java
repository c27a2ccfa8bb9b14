// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.models.spec.CompositeSpec.Branches;
import io.stoker.models.spec.CompositeSpec.Residual;
import io.stoker.models.spec.CompositeSpec.Sequence;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** A model with every kind of layer, activation function and initializer. */
public final class EveryLayer {
  private EveryLayer() {}

  /** The records of a sealed interface, also those of the sealed interfaces in it. */
  public static Class<?>[] kinds(Class<?> sealed) {
    return Arrays.stream(sealed.getPermittedSubclasses())
        .flatMap(kind -> kind.isSealed() ? Arrays.stream(kinds(kind)) : Stream.of(kind))
        .toArray(Class<?>[]::new);
  }

  /** The model, for images of 8 x 8 x 2 and 3 classes. */
  public static ModelSpec model() {
    Initializer lecun = Initializer.Rule.LECUN;
    List<LayerSpec> layers = new ArrayList<>();
    layers.add(new Convolution(36, Window.of(3).padded(1), 1, Initializer.Rule.WHITEN, 0));
    layers.add(
        new Convolution(
            4, new Window(3, 1, 2, new Padding(2, 1, 2, 1)), 2, Initializer.Rule.HE, 0.1f));
    layers.add(new BatchNormalization(1e-3f, 0.8f));
    layers.add(
        new DepthwiseConvolution(2, Window.of(3).padded(1), Initializer.Rule.HE_FAN_OUT, 0, false));
    layers.add(
        new Branches(
            "pair",
            List.of(
                Sequence.of(new Convolution(2, Window.of(1), 1, lecun, 0)), Sequence.IDENTITY)));
    layers.add(
        new Residual(
            "block",
            Sequence.of(new Convolution(10, Window.of(1), 1, lecun, 0).withoutBias()),
            Sequence.IDENTITY,
            Sequence.of(new Activation(ActivationFunction.RELU))));
    layers.add(CompositeSpec.ChannelGate.squeezeExcitation("gate", 10, 4));
    layers.add(new ChannelPadding(13));
    layers.add(new Sequence("stage", List.of(new Dropout(0.5f))));
    layers.add(new LocalResponseNormalization(3, 2, 1e-2f, 0.75f));
    layers.add(new Pooling(Pooling.Kind.MAXIMUM, Window.of(3).by(2)));
    layers.add(new Pooling(Pooling.Kind.AVERAGE, Window.of(2)));
    layers.add(new Dropout(0.25f));
    layers.add(new Dropout(0.25f, Dropout.Unit.EXAMPLE));
    layers.add(new Lstm(5, lecun, 0.5f));
    layers.add(new GlobalAveragePooling());
    for (ActivationFunction function : ActivationFunction.values()) {
      layers.add(new Dense(4, Initializer.Rule.GLOROT, 0));
      layers.add(new Activation(function));
    }
    layers.add(new Dense(4, new Initializer.Gaussian(0.5f), -0.5f));
    layers.add(new Dense(4, Initializer.Rule.DIRAC, 0));
    layers.add(new LayerSpec.Scaling(0.125f));
    layers.add(new Dense(3, new Initializer.Constant(0.25f), 0));
    return new ModelSpec("every layer", new Shape(8, 8, 2), layers);
  }
}
