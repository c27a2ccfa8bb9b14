// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Exact;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling of images as they are on processors without AVX-512. */
class BlocksOfEightTest {
  private static final int EXAMPLES = 3;
  private static final int HEIGHT = 43;
  private static final int WIDTH = 17;
  private static final int CHANNELS = 14;
  private static final int CHANNELS_OF_FULL_BLOCKS = 16;

  /** Of windows side by side, apart, that overlap, and that reach beyond the image. */
  static Stream<LayerSpec.Pooling> layers() {
    LayerSpec.Pooling.Kind maximum = LayerSpec.Pooling.Kind.MAXIMUM;
    return Stream.of(
        new LayerSpec.Pooling(maximum, Window.of(2).by(2)),
        new LayerSpec.Pooling(maximum, Window.of(1).by(2)),
        new LayerSpec.Pooling(maximum, Window.of(2).by(3)),
        new LayerSpec.Pooling(maximum, Window.of(2).by(1024)),
        new LayerSpec.Pooling(maximum, Window.of(13).by(13)),
        new LayerSpec.Pooling(maximum, Window.of(16).by(16)),
        new LayerSpec.Pooling(maximum, Window.of(3).by(2)),
        new LayerSpec.Pooling(maximum, new Window(3, 2, 1, Padding.of(1))),
        new LayerSpec.Pooling(LayerSpec.Pooling.Kind.AVERAGE, Window.of(2).by(2)));
  }

  @ParameterizedTest
  @MethodSource("layers")
  @Exact
  void poolsAsRowByRow(LayerSpec.Pooling layer) {
    assertThat(passes(layer, true)).isDeepEqualTo(passes(layer, false));
  }

  /** Java's buffers cannot have them. */
  @ParameterizedTest
  @CsvSource({"160, true", "168, false"})
  void gradientsOfMoreThanTwoGibibytesAreLeftToOneDnn(int examples, boolean computed) {
    Layout input = Layout.plain(examples, 64, 224, 224).inBlocksOfEight(64);
    Layout output = Layout.plain(examples, 64, 112, 112).inBlocksOfEight(64);
    Layout places = output.rowMajorOf(dnnl.dnnl_u8);

    assertThat(MaximaGradient.computes(Window.of(2).by(2), places, output, input))
        .isEqualTo(computed);
  }

  /** The bits of the output and of the gradient by the input, in row-major order. */
  private static int[][] passes(LayerSpec.Pooling layer, boolean inBlocks) {
    ModelSpec model =
        new ModelSpec(
            "pooled",
            new Shape(HEIGHT, WIDTH, CHANNELS),
            List.of(layer, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    ModelSpec.Placed pooled = model.placed().get(0);
    SplittableRandom random = new SplittableRandom(7);
    try (Workspace workspace = new Workspace()) {
      Tensor images = workspace.tensor(Layout.plain(EXAMPLES, CHANNELS, HEIGHT, WIDTH));
      fill(images.buffer(), random);
      Reorder arranged =
          workspace.convert(
              images, inBlocks ? images.layout().inBlocksOfEight(CHANNELS) : images.layout());
      workspace.beginPlan();
      CompiledPooling compiled =
          new CompiledPooling(workspace, pooled, layer, arranged.to(), false);
      Tensor output = compiled.output();
      Tensor outputGradient = workspace.tensor(Layout.plain(output.layout().dimensions()));
      Tensor gradient = compiled.prepareBackward(outputGradient, true);
      workspace.endPlan();
      fill(outputGradient.buffer(), random);
      fillWithNan(output.buffer());
      fillWithNan(gradient.buffer());

      CompiledLayer.Pass pass = CompiledLayer.Pass.training();
      arranged.run();
      compiled.forward(pass);
      compiled.backward(pass);

      assertThat(output.layout().isInBlocksOfEight()).isEqualTo(inBlocks);
      if (inBlocks) {
        assertThat(compiled.operation().implementation().equals("jit:sse41"))
            .isEqualTo(layer.kind() == LayerSpec.Pooling.Kind.MAXIMUM);
        assertThatRestIsZero(output);
        assertThatRestIsZero(gradient);
      }
      return new int[][] {plain(workspace, output), plain(workspace, gradient)};
    }
  }

  private static void fillWithNan(FloatBuffer values) {
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, Float.NaN);
    }
  }

  private static int[] plain(Workspace workspace, Tensor tensor) {
    Reorder plain = workspace.convert(tensor, Layout.plain(tensor.layout().dimensions()));
    plain.run();
    int[] bits = new int[Math.toIntExact(tensor.layout().elements())];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(plain.to().buffer().get(i)));
    return bits;
  }

  /** oneDNN relies on it. */
  private static void assertThatRestIsZero(Tensor tensor) {
    FloatBuffer values = tensor.buffer();
    long[] dimensions = tensor.layout().dimensions();
    int pixels = Math.toIntExact(dimensions[2] * dimensions[3]);
    for (int i = 0; i < EXAMPLES * CHANNELS_OF_FULL_BLOCKS * pixels; i++) {
      int channel = i / (8 * pixels) % 2 * 8 + i % 8;
      if (channel >= CHANNELS) {
        assertThat(values.get(i)).isZero();
      }
    }
  }

  /** Of few values, so that a window often has its maximum twice; its zeros are negative. */
  private static void fill(FloatBuffer values, SplittableRandom random) {
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, random.nextInt(-4, 5) / -4f);
    }
  }
}
