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
import io.stoker.testing.Instructions;
import io.stoker.testing.OtherProcess;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * The gradient by the weights of a layer of few channels, for which oneDNN reads channels last, has
 * the bits of the code for blocks of eight channels: with one channel, those of the first channel
 * of a layer of eight, the others of which are zero; with more, those of a processor with AVX2. A
 * process of its own is limited to AVX2.
 */
@Exact
class FewChannelsGradientTest {
  private static final int EXAMPLES = 5;
  private static final int BLOCK = 8;

  /** The number of the tensor; the biases have 0. */
  private static final int WEIGHTS = 1;

  private static final int HEIGHT = 19;
  private static final int WIDTH = 23;

  private static final List<LayerSpec.Convolution> GREY =
      List.of(
          convolution(6, Window.of(5).padded(2)),
          convolution(16, Window.of(3).padded(1)),
          convolution(20, Window.of(5)),
          convolution(9, Window.of(11).by(4)),
          convolution(16, Window.of(1)),
          convolution(6, Window.of(1).by(2)),
          convolution(8, new Window(3, 2, 1, Padding.of(1))));

  /**
   * Layers for which oneDNN has no code for AVX-512 but with channels last, by the number of
   * channels that they read.
   */
  private static final Map<Integer, List<LayerSpec.Convolution>> NARROW =
      new TreeMap<>(
          Map.of(
              4, List.of(convolution(50, Window.of(5)), convolution(12, Window.of(3).by(2))),
              5, List.of(convolution(24, Window.of(2)), convolution(6, Window.of(3))),
              6, List.of(convolution(16, Window.of(5)), convolution(20, Window.of(4).padded(2))),
              8, List.of(convolution(64, Window.of(3).padded(1)), convolution(16, Window.of(3))),
              12, List.of(convolution(12, Window.of(3).padded(1))),
              15, List.of(convolution(16, Window.of(5).padded(2)))));

  /**
   * They keep their code: a large kernel, padding for which there is no other, and groups, which
   * have other bits with channels last.
   */
  private static final Map<Integer, List<LayerSpec.Convolution>> LEFT =
      new TreeMap<>(
          Map.of(
              8, List.of(convolution(16, Window.of(7))),
              12, List.of(uneven(20)),
              16, List.of(inGroups(16, 2)),
              32, List.of(inGroups(32, 4))));

  @Test
  void hasTheBitsOfAFullBlock() throws Exception {
    List<String> lines = linesWithAvx2("grey ");

    assertThat(lines).hasSize(GREY.size()).allMatch(line -> line.endsWith(" same"));
  }

  @Test
  void hasTheBitsOfBlocksOfEight() throws Exception {
    Instructions.AVX512.assume();
    assertThat(linesWithAvx2("narrow ")).isEqualTo(narrow()).doesNotHaveDuplicates();
  }

  /** oneDNN says of each primitive which code runs, and in which layouts. */
  @Test
  void readsChannelsLastWhereBitsAndTimeAllowIt() throws Exception {
    Instructions.AVX512.assume();
    assertThat(gradients("narrow "))
        .hasSize(count(NARROW))
        .allMatch(line -> line.contains(",jit:avx512_common,") && line.contains("acdb"));
    assertThat(gradients("left ")).hasSize(count(LEFT)).noneMatch(line -> line.contains("acdb"));
  }

  private static int count(Map<Integer, List<LayerSpec.Convolution>> layers) {
    return layers.values().stream().mapToInt(List::size).sum();
  }

  private static List<String> gradients(String part) throws Exception {
    return output(part, Map.of("DNNL_VERBOSE", "1"))
        .lines()
        .filter(
            line -> line.contains(",exec,cpu,convolution,") && line.contains("backward_weights"))
        .toList();
  }

  private static List<String> linesWithAvx2(String part) throws Exception {
    return output(part, Map.of("ONEDNN_MAX_CPU_ISA", "AVX2"))
        .lines()
        .filter(line -> line.startsWith(part))
        .toList();
  }

  private static String output(String part, Map<String, String> environment) throws Exception {
    return OtherProcess.output(
        FewChannelsGradientTest.class, List.of("-XX:TieredStopAtLevel=1"), environment, part);
  }

  /** What the other process does. */
  public static void main(String[] arguments) {
    switch (arguments[0]) {
      case "grey " -> grey().forEach(System.out::println);
      case "narrow " -> narrow().forEach(System.out::println);
      default -> ofEach(LEFT, "left ").forEach(System.out::println);
    }
  }

  private static List<String> grey() {
    assertThat(InstructionSet.here()).isEqualTo(InstructionSet.AVX2);
    return GREY.stream()
        .map(
            layer ->
                Arrays.equals(
                        ofFirstChannel(layer, gradients(layer, 1, 1), 1),
                        ofFirstChannel(layer, gradients(layer, BLOCK, 1), BLOCK))
                    ? "grey " + layer + " same"
                    : "grey " + layer + " other")
        .toList();
  }

  private static List<String> narrow() {
    return ofEach(NARROW, "narrow ");
  }

  /** Each layer with a sum of its gradient's bits. */
  private static List<String> ofEach(Map<Integer, List<LayerSpec.Convolution>> all, String part) {
    List<String> lines = new ArrayList<>();
    all.forEach(
        (channels, layers) -> {
          for (LayerSpec.Convolution layer : layers) {
            int bits = Arrays.hashCode(gradients(layer, channels, channels));
            lines.add(part + channels + " " + layer + " " + bits);
          }
        });
    return lines;
  }

  private static LayerSpec.Convolution convolution(int filters, Window window) {
    return new LayerSpec.Convolution(filters, window, 1, Initializer.Rule.HE, 0);
  }

  private static LayerSpec.Convolution inGroups(int filters, int groups) {
    return new LayerSpec.Convolution(
        filters, Window.of(3).padded(1), groups, Initializer.Rule.HE, 0);
  }

  private static LayerSpec.Convolution uneven(int filters) {
    return convolution(filters, new Window(3, 1, 1, new Padding(0, 1, 2, 1)));
  }

  /** The gradient by the weights of the first channel, filter by filter. */
  private static float[] ofFirstChannel(
      LayerSpec.Convolution layer, float[] gradients, int channels) {
    int size = layer.window().kernel() * layer.window().kernel();
    float[] first = new float[layer.filters() * size];
    for (int filter = 0; filter < layer.filters(); filter++) {
      System.arraycopy(gradients, filter * channels * size, first, filter * size, size);
    }
    return first;
  }

  private static ModelSpec model(LayerSpec.Convolution layer, int channels) {
    return new ModelSpec(
        "narrow",
        new Shape(HEIGHT, WIDTH, channels),
        List.of(layer, new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
  }

  /**
   * The gradient by the weights.
   *
   * @param filled how many of the channels are not zero
   */
  private static float[] gradients(LayerSpec.Convolution layer, int channels, int filled) {
    ModelSpec model = model(layer, channels);
    ModelSpec.Placed placed = model.placed().get(0);
    SplittableRandom random = new SplittableRandom(3);
    try (Workspace workspace = new Workspace()) {
      FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
      Tensor images = workspace.tensor(Layout.plain(EXAMPLES, channels, HEIGHT, WIDTH));
      int pixels = HEIGHT * WIDTH;
      for (int example = 0; example < EXAMPLES; example++) {
        fill(images.buffer(), example * channels * pixels, filled * pixels, random);
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
      FloatBuffer gradients = vectors.gradients(placed, WEIGHTS).asBuffer();
      float[] values = new float[gradients.capacity()];
      gradients.get(values);
      return values;
    }
  }

  private static void fill(FloatBuffer values, int first, int count, SplittableRandom random) {
    for (int i = first; i < first + count; i++) {
      values.put(i, (float) random.nextGaussian());
    }
  }
}
