// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Exact;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradient of a rectifier, computed after the pooling that follows it or before. */
class RectifiedPoolingTest {
  private static final int EXAMPLES = 3;

  /** They do not fill their last block, whether it has eight channels or sixteen. */
  private static final int CHANNELS = 12;

  /** Of windows that overlap, that do not, and that reach beyond the image. */
  static Stream<Window> windows() {
    return Stream.of(
        Window.of(3).by(2), Window.of(2).by(2), new Window(3, 2, 1, Padding.of(1)), Window.of(3));
  }

  @ParameterizedTest
  @MethodSource("windows")
  @Exact
  void gradientsHaveTheBitsOfLayersThatAreComputedAlone(Window window) {
    ModelSpec model = model(window, LayerSpec.Pooling.Kind.MAXIMUM);

    assertThat(gradients(model, LayerCompiler.Fusion.ALLOWED))
        .isEqualTo(gradients(model, LayerCompiler.Fusion.NONE));
  }

  @Test
  void averagesAreTakenOfRectifiedValues() {
    ModelSpec model = model(Window.of(3).by(2), LayerSpec.Pooling.Kind.AVERAGE);

    assertThat(gradients(model, LayerCompiler.Fusion.ALLOWED))
        .isEqualTo(gradients(model, LayerCompiler.Fusion.NONE));
  }

  private static ModelSpec model(Window window, LayerSpec.Pooling.Kind kind) {
    Initializer he = Initializer.Rule.HE;
    return new ModelSpec(
        "pooled",
        new Shape(11, 9, 3),
        List.of(
            new LayerSpec.Convolution(CHANNELS, Window.of(3).padded(1), 1, he, 0),
            new LayerSpec.Activation(ActivationFunction.RELU),
            new LayerSpec.Pooling(kind, window),
            new LayerSpec.Dense(2, he, 0)));
  }

  /** The gradients by the convolution's parameters. */
  private static float[] gradients(ModelSpec model, LayerCompiler.Fusion fusion) {
    List<ModelSpec.Placed> pooled = model.placed().subList(0, 3);
    SplittableRandom random = new SplittableRandom(7);
    try (Workspace workspace = new Workspace()) {
      FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
      fill(vectors.parameterBuffer(), random);
      FloatBuffer biases = vectors.parameters(pooled.get(0), 0).asBuffer();
      for (int i = 0; i < CHANNELS; i++) {
        biases.put(i, -1f * i / 4); // In most windows of the last channels nothing is above 0.
      }
      Tensor images = workspace.tensor(Layout.plain(EXAMPLES, 3, 11, 9));
      fill(images.buffer(), random);
      List<CompiledLayer> layers =
          LayerCompiler.chain(workspace, vectors, pooled, images, false, fusion);
      CompiledLayer last = layers.get(layers.size() - 1);
      Tensor plain = workspace.tensor(Layout.plain(last.output().layout().dimensions()));
      fill(plain.buffer(), random);
      Reorder given = workspace.convert(plain, last.output().layout());
      Tensor gradient = given.to();
      for (int i = layers.size() - 1; i >= 0; i--) {
        gradient = layers.get(i).prepareBackward(gradient, i > 0);
      }
      CompiledLayer.Pass pass = CompiledLayer.Pass.training();
      layers.forEach(layer -> layer.forward(pass));
      given.run();
      for (int i = layers.size() - 1; i >= 0; i--) {
        layers.get(i).backward(pass);
      }
      float[] copy = new float[Math.toIntExact(model.parameterCount())];
      vectors.gradientBuffer().get(0, copy);
      return copy;
    }
  }

  private static void fill(FloatBuffer values, SplittableRandom random) {
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, (float) random.nextDouble(-1, 1));
    }
  }
}
