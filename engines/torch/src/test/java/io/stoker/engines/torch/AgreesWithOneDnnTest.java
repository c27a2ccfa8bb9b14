// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AgreesWithOneDnnTest {
  private static final double TOLERANCE = 1e-4;
  private static final int EXAMPLES = 4;

  /** As large as AlexNet, and of the same parts as others. */
  private static final Set<String> LARGE =
      Set.of(
          "alexnet-single",
          "alexnet-owt",
          "alexnet-bn",
          "caffenet",
          "resnet-34",
          "resnet-56",
          "vgg-11",
          "vgg-11-bn",
          "vgg-16",
          "vgg-16-bn");

  /** Whole models, with dropout of vectors: the engines drop the same units. */
  static List<String> models() {
    return Zoo.names().stream()
        .filter(name -> !LARGE.contains(name) && isShallow(model(name)))
        .toList();
  }

  /**
   * Deep networks, and those with dropout of images, whose masks depend on the order of the values
   * in memory. The gradients of a deep network with random parameters grow from layer to layer, and
   * rounding errors with them: its layers' gradients are compared with the formulas in the
   * contract.
   */
  static List<String> deepModels() {
    return Zoo.names().stream()
        .filter(name -> !LARGE.contains(name) && !isShallow(model(name)))
        .toList();
  }

  private static ModelSpec model(String name) {
    List<Integer> sizes = Zoo.sizes(name);
    return sizes.isEmpty() ? Zoo.model(name, 10) : Zoo.sized(name, sizes.get(0), 10);
  }

  private static boolean isShallow(ModelSpec model) {
    return model.leaves().stream()
        .map(Placed::layer)
        .noneMatch(
            layer -> layer instanceof BatchNormalization || layer instanceof GlobalAveragePooling);
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("deepModels")
  void onOutputsOfDeepModels(String name) {
    ModelSpec model = model(name);
    float[] images = Batches.images(model, EXAMPLES, 2);
    try (Network torch = DeviceUnderTest.engine().create(model, EXAMPLES);
        Network oneDnn = new OneDnnEngine().create(model, EXAMPLES)) {
      for (Network network : List.of(torch, oneDnn)) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(model)));
      }
      assertClose(
          Batches.predict(torch, images, EXAMPLES), Batches.predict(oneDnn, images, EXAMPLES));
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("models")
  void onOutputsGradientsAndTenSteps(String name) {
    ModelSpec model = model(name);
    float[] images = Batches.images(model, EXAMPLES, 2);
    float[] targets = Batches.targets(model, EXAMPLES, 3);
    // At the rate of small models, large ones leave their random beginning too fast to be compared.
    float rate = model.input().features() > 10_000 ? 1e-5f : 1e-3f;
    try (Network torch = DeviceUnderTest.engine().create(model, EXAMPLES);
        Network oneDnn = new OneDnnEngine().create(model, EXAMPLES)) {
      for (Network network : List.of(torch, oneDnn)) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(model)));
      }
      for (int step = 0; step < 10; step++) {
        assertClose(
            Batches.predict(torch, images, EXAMPLES), Batches.predict(oneDnn, images, EXAMPLES));
        BatchScore score = torch.computeGradients(images, targets, EXAMPLES, step);
        BatchScore expected = oneDnn.computeGradients(images, targets, EXAMPLES, step);
        assertThat(score.correct()).isEqualTo(expected.correct());
        assertThat(score.lossSum())
            .isCloseTo(expected.lossSum(), within(TOLERANCE * expected.lossSum()));
        if (step == 0) {
          assertTensorsClose(model, Batches.gradients(torch), Batches.gradients(oneDnn));
        }
        for (Network network : List.of(torch, oneDnn)) {
          network.update(new StepSettings(rate, 0.9f, 5e-4f));
        }
      }
      assertTensorsClose(model, Batches.parameters(torch), Batches.parameters(oneDnn));
    }
  }

  /** With weights of 0, the gradient of a weight is what dropout let through of its input. */
  @Test
  void onEveryBitOfADropoutMask() {
    ModelSpec model =
        Batches.model(
            """
            name: mask
            input: [1, 1, 5000]
            layers:
              - dropout: 0.3
              - dense: 2
            """);
    float[] ones = new float[2 * 5000];
    Arrays.fill(ones, 1);
    try (Network torch = DeviceUnderTest.engine().create(model, 3);
        Network oneDnn = new OneDnnEngine().create(model, 3)) {
      for (long seed : new long[] {0, 1, -7, Long.MAX_VALUE, 0x9E3779B97F4A7C15L}) {
        for (Network network : List.of(torch, oneDnn)) {
          network.computeGradients(ones, new float[] {1, 0, 0, 1}, 2, seed);
        }
        assertThat(Batches.gradients(torch)).isEqualTo(Batches.gradients(oneDnn));
      }
    }
  }

  private static void assertTensorsClose(ModelSpec model, float[] actual, float[] expected) {
    for (Placed placed : model.placed()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        assertClose(
            Arrays.copyOfRange(actual, offset, end), Arrays.copyOfRange(expected, offset, end));
        offset = end;
      }
    }
  }

  /** Relative to the largest value. */
  private static void assertClose(float[] actual, float[] expected) {
    double scale = largest(expected.length, i -> expected[i]);
    double difference = largest(expected.length, i -> (double) actual[i] - expected[i]);
    assertThat(difference).isLessThanOrEqualTo(TOLERANCE * scale + 1e-9);
  }

  private static double largest(int count, IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).map(Math::abs).max().orElse(0);
  }
}
