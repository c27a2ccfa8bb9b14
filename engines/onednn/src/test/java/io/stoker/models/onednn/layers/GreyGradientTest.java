// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Exact;
import io.stoker.testing.OtherProcess;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * The gradient by the weights of a layer of one channel on a processor with AVX2, for which oneDNN
 * reads channels last: it has the bits of the first channel's of a layer of eight, the others of
 * which are zero. A process of its own is limited to AVX2, where the processor has more.
 */
@Exact
class GreyGradientTest {
  private static final int EXAMPLES = 5;
  private static final int BLOCK = 8;

  /** The number of the tensor; the biases have 0. */
  private static final int WEIGHTS = 1;

  private static final int HEIGHT = 19;
  private static final int WIDTH = 23;

  private static final List<LayerSpec.Convolution> LAYERS =
      List.of(
          convolution(6, Window.of(5).padded(2)),
          convolution(16, Window.of(3).padded(1)),
          convolution(20, Window.of(5)),
          convolution(9, Window.of(11).by(4)),
          convolution(16, Window.of(1)),
          convolution(6, Window.of(1).by(2)),
          convolution(8, new Window(3, 2, 1, Padding.of(1))));

  @Test
  void hasTheBitsOfAFullBlock() throws Exception {
    String output =
        OtherProcess.output(
            GreyGradientTest.class,
            List.of("-XX:TieredStopAtLevel=1"),
            Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"));

    assertThat(output.lines().filter(line -> line.startsWith("gradient ")).toList())
        .hasSize(LAYERS.size())
        .allMatch(line -> line.endsWith(" same"), output);
  }

  /** What the other process does. */
  public static void main(String[] arguments) {
    assertThat(InstructionSet.here()).isEqualTo(InstructionSet.AVX2);
    for (LayerSpec.Convolution layer : LAYERS) {
      boolean same = Arrays.equals(gradient(layer, 1), gradient(layer, BLOCK));
      System.out.println("gradient of " + layer + (same ? " same" : " other"));
    }
  }

  private static LayerSpec.Convolution convolution(int filters, Window window) {
    return new LayerSpec.Convolution(filters, window, 1, Initializer.Rule.HE, 0);
  }

  /** The gradient by the weights of the first channel, filter by filter. */
  private static float[] gradient(LayerSpec.Convolution layer, int channels) {
    ModelSpec model =
        new ModelSpec(
            "grey",
            new Shape(HEIGHT, WIDTH, channels),
            List.of(layer, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    ModelSpec.Placed placed = model.placed().get(0);
    SplittableRandom random = new SplittableRandom(3);
    try (Workspace workspace = new Workspace()) {
      FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
      Tensor images = workspace.tensor(Layout.plain(EXAMPLES, channels, HEIGHT, WIDTH));
      int pixels = HEIGHT * WIDTH;
      for (int example = 0; example < EXAMPLES; example++) {
        fill(images.buffer(), example * channels * pixels, pixels, random);
      }
      CompiledLayer compiled =
          LayerCompiler.chain(
                  workspace, vectors, List.of(placed), images, false, LayerCompiler.Fusion.NONE)
              .get(0);
      Tensor outputGradient =
          workspace.tensor(Layout.plain(compiled.output().layout().dimensions()));
      fill(outputGradient.buffer(), 0, outputGradient.buffer().capacity(), random);
      compiled.prepareBackward(outputGradient, false);
      CompiledLayer.Pass pass = CompiledLayer.Pass.training();
      compiled.forward(pass);
      compiled.backward(pass);
      int size = layer.window().kernel() * layer.window().kernel();
      float[] gradients = new float[layer.filters() * size];
      FloatBuffer all = vectors.gradients(placed, WEIGHTS).asBuffer();
      for (int filter = 0; filter < layer.filters(); filter++) {
        all.get(filter * channels * size, gradients, filter * size, size);
      }
      return gradients;
    }
  }

  private static void fill(FloatBuffer values, int first, int count, SplittableRandom random) {
    for (int i = first; i < first + count; i++) {
      values.put(i, (float) random.nextGaussian());
    }
  }
}
