// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import io.stoker.testing.Instructions;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Single layers by each kernel, compared with the direct one in fp32. */
public class KernelAccuracyTest {
  /** Relative root mean square, of Winograd's algorithm in fp32. */
  private static final double WINOGRAD = 2e-5;

  /** Of products of values with 8 bits of significand: 2.7e-3 was measured. */
  private static final double BF16 = 5e-3;

  /** More than are computed at a time where a convolution is rearranged. */
  private static final int EXAMPLES = 11;

  private record Case(Shape input, LayerSpec layer) {
    @Override
    public String toString() {
      return input + " " + layer.label();
    }
  }

  static Stream<Case> convolutions() {
    return Stream.of(
        conv(new Shape(8, 8, 32), 32, Padding.of(1)),
        conv(new Shape(13, 13, 64), 48, Padding.of(1)),
        conv(new Shape(16, 11, 16), 32, Padding.of(1)),
        conv(new Shape(9, 14, 48), 16, Padding.NONE),
        conv(new Shape(7, 7, 33), 35, Padding.of(1)),
        conv(new Shape(4, 4, 128), 256, Padding.of(1)));
  }

  static Stream<Case> others() {
    Initializer he = Initializer.Rule.HE;
    return Stream.of(
        new Case(new Shape(9, 9, 3), new LayerSpec.Convolution(16, Window.of(5).by(2), 1, he, 0)),
        conv(new Shape(5, 6, 32), 32, new Padding(0, 1, 1, 0)),
        new Case(new Shape(6, 6, 32), new LayerSpec.Convolution(32, Window.of(3), 2, he, 0)),
        new Case(new Shape(3, 4, 5), new LayerSpec.Dense(37, he, 0)),
        new Case(Shape.vector(300), new LayerSpec.Dense(10, he, 0)));
  }

  static Stream<Case> rearranged() {
    return Stream.of(
        strided(new Shape(51, 47, 3), 11, Padding.NONE, 32),
        strided(new Shape(35, 38, 2), 9, Padding.NONE, 16), // leaves out rows
        strided(new Shape(44, 44, 1), 12, Padding.of(2), 48),
        strided(new Shape(40, 40, 3), 11, Padding.of(5), 16),
        grouped(new Shape(13, 13, 64), 5, Padding.of(2), 48, 1),
        grouped(new Shape(9, 12, 32), 5, Padding.of(2), 64, 2),
        grouped(new Shape(13, 13, 64), 3, Padding.of(1), 32, 2),
        grouped(new Shape(10, 7, 96), 3, Padding.NONE, 96, 3));
  }

  private static Case strided(Shape input, int kernel, Padding padding, int filters) {
    Window window = new Window(kernel, 4, 1, padding);
    return new Case(
        input, new LayerSpec.Convolution(filters, window, 1, Initializer.Rule.HE, 0.1f));
  }

  private static Case grouped(Shape input, int kernel, Padding padding, int filters, int groups) {
    Window window = new Window(kernel, 1, 1, padding);
    return new Case(
        input, new LayerSpec.Convolution(filters, window, groups, Initializer.Rule.HE, 0.1f));
  }

  private static Case conv(Shape input, int filters, Padding padding) {
    Window window = new Window(3, 1, 1, padding);
    return new Case(
        input, new LayerSpec.Convolution(filters, window, 1, Initializer.Rule.HE, 0.1f));
  }

  @ParameterizedTest
  @MethodSource("convolutions")
  void winogradIsAsExactAsFp32(Case layer) {
    Instructions.AVX512.assume();

    assertApart(layer, Kernel.WINOGRAD, 0, WINOGRAD);
  }

  @ParameterizedTest
  @MethodSource({"convolutions", "others"})
  void bf16RoundsTheFactorsAndNothingElse(Case layer) {
    Instructions.AVX512_BF16.assume();

    assertApart(layer, Kernel.BF16, 1e-4, BF16);
  }

  @ParameterizedTest
  @MethodSource("rearranged")
  void aRearrangedConvolutionIsAsExactAsFp32(Case layer) {
    Instructions.AVX512.assume();

    assertApart(layer, Kernel.REARRANGED, 0, WINOGRAD);
  }

  @ParameterizedTest
  @MethodSource("rearranged")
  void aRearrangedConvolutionInBf16RoundsTheFactorsAndNothingElse(Case layer) {
    Instructions.AVX512_BF16.assume();

    assertApart(layer, Kernel.REARRANGED_BF16, 1e-4, BF16);
  }

  /** Output, gradients by weights and bias, gradient by the input. */
  private static void assertApart(Case layer, Kernel kernel, double least, double most) {
    List<float[]> direct = compute(layer, Kernel.DIRECT);
    List<float[]> other = compute(layer, kernel);

    for (int i = 0; i < direct.size(); i++) {
      assertThat(apart(direct.get(i), other.get(i)))
          .as("%s of %s by %s", List.of("output", "gradients", "input's").get(i), layer, kernel)
          .isBetween(least, most);
    }
  }

  private static List<float[]> compute(Case layer, Kernel kernel) {
    LayerSpec last = new LayerSpec.Dense(2, Initializer.Rule.HE, 0); // is not computed
    ModelSpec model = new ModelSpec("one", layer.input(), List.of(layer.layer(), last));
    ModelSpec.Placed placed = model.placed().get(0);
    SplittableRandom random = new SplittableRandom(3);
    try (Workspace workspace = new Workspace(any -> kernel)) {
      FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
      fill(vectors.parameterBuffer(), random, 0.1);
      Shape in = layer.input();
      Tensor images =
          workspace.tensor(Layout.plain(EXAMPLES, in.channels(), in.height(), in.width()));
      fill(images.buffer(), random, 1);
      CompiledLayer compiled =
          new LayerCompiler(workspace, vectors, placed, images, false, LayerCompiler.Fusion.NONE)
              .compile();
      Reorder output = plain(workspace, compiled.output());
      Tensor gradient = workspace.tensor(compiled.output().layout());
      Tensor plainGradient = workspace.tensor(Layout.plain(gradient.layout().dimensions()));
      fill(plainGradient.buffer(), random, 1);
      Reorder given = workspace.convert(plainGradient, gradient.layout());
      Tensor byInput = compiled.prepareBackward(given.to(), true);
      CompiledLayer.Pass pass = CompiledLayer.Pass.training();
      compiled.forward(pass);
      output.run();
      given.run();
      compiled.backward(pass);
      Reorder inputGradient = plain(workspace, byInput);
      inputGradient.run();
      return List.of(
          copy(output.to().buffer()),
          copy(vectors.gradientBuffer()),
          copy(inputGradient.to().buffer()));
    }
  }

  private static Reorder plain(Workspace workspace, Tensor tensor) {
    return workspace.convert(tensor, Layout.plain(tensor.layout().dimensions()));
  }

  private static void fill(FloatBuffer values, SplittableRandom random, double scale) {
    for (int i = 0; i < values.capacity(); i++) {
      values.put(i, (float) (random.nextDouble(-1, 1) * scale));
    }
  }

  private static float[] copy(FloatBuffer values) {
    float[] copy = new float[values.capacity()];
    values.get(0, copy);
    return copy;
  }

  /** The relative root mean square of the difference. */
  public static double apart(float[] expected, float[] actual) {
    double difference = 0;
    double size = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += Math.pow((double) actual[i] - expected[i], 2);
      size += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / size);
  }
}
