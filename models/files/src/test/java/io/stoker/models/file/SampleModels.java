// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerSpec.Activation;
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
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/** Small models and their files. */
final class SampleModels {
  static final StepSettings MOMENTUM = new StepSettings(0.05f, 0.9f, 5e-4f);

  private SampleModels() {}

  /** Every kind of layer, activation and initializer that there is. */
  static ModelSpec everything() {
    List<LayerSpec> layers = new ArrayList<>();
    layers.add(new Convolution(5, Window.of(3).by(2).padded(1), 1, Initializer.Rule.HE, 0.1f));
    layers.add(new Activation(ActivationFunction.RELU));
    layers.add(new LocalResponseNormalization(5, 2, 1e-4f, 0.75f));
    layers.add(new Pooling(Pooling.Kind.MAXIMUM, Window.of(3).by(2).padded(1)));
    layers.add(new Convolution(4, Window.of(1), 1, Initializer.Rule.LECUN, 0));
    layers.add(new Convolution(6, Window.of(3).padded(1), 2, Initializer.Rule.HE, 0));
    layers.add(
        new Convolution(
            4, new Window(2, 1, 2, new Padding(1, 0, 1, 2)), 1, Initializer.Rule.HE, 0.5f));
    layers.add(new Pooling(Pooling.Kind.AVERAGE, Window.of(2).by(1).padded(1)));
    layers.add(new Dropout(0.3f));
    layers.add(new Dropout(0.2f, Dropout.Unit.EXAMPLE));
    layers.add(new Dense(6, new Initializer.Gaussian(0.5f), 0));
    layers.add(new LocalResponseNormalization(3, 1, 0.1f, 0.5f));
    for (ActivationFunction function : ActivationFunction.values()) {
      layers.add(new Dense(7, Initializer.Rule.GLOROT, 0));
      layers.add(new Activation(function));
      layers.add(new Activation(function));
    }
    layers.add(new Lstm(4, Initializer.Rule.LECUN, 0.5f));
    layers.add(new Dense(6, new Initializer.Constant(0.25f), -0.5f));
    layers.add(new Dense(3, Initializer.Rule.HE, 0));
    return new ModelSpec("everything", new Shape(9, 11, 3), layers);
  }

  static ModelSpec small() {
    return new ModelSpec(
        "small",
        new Shape(2, 2, 1),
        List.of(
            new Dense(2, Initializer.Rule.HE, 0),
            new Activation(ActivationFunction.RELU),
            new Dense(2, Initializer.Rule.HE, 0)));
  }

  static ModelMetadata metadata(ModelSpec model) {
    int channels = model.input().channels();
    return new ModelMetadata(
        model,
        IntStream.range(0, model.classes()).mapToObj(i -> "class \"" + i + "\" \u2713").toList(),
        Collections.nCopies(channels, 127.25),
        Collections.nCopies(channels, 64.5),
        new TrainingClock(12, 1, 3, 97, 6200));
  }

  static ModelFileWriter writer(ModelSpec model) {
    return ModelFileWriter.of(metadata(model), MOMENTUM, new InitialParameters(model, 5)::fill)
        .withUpdaterState(new InitialParameters(model, 6)::fill)
        .withOuterMomentum(new InitialParameters(model, 7)::fill)
        .withEma(new InitialParameters(model, 8)::fill);
  }

  static byte[] bytes(ModelFileWriter writer) throws IOException {
    ByteArrayOutputStream stream = new ByteArrayOutputStream();
    writer.write(stream);
    return stream.toByteArray();
  }

  static float[] initial(ModelSpec model, long seed) {
    float[] values = new float[(int) model.parameterCount()];
    new InitialParameters(model, seed).fill(0, FloatBuffer.wrap(values));
    return values;
  }

  static ModelFile verify(byte[] bytes) throws IOException {
    return ModelFile.verify("model.zip", () -> new ByteArrayInputStream(bytes));
  }
}
