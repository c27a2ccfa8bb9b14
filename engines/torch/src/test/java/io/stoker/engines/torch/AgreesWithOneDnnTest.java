// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Precision;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.ReferenceNetwork;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.LayerSpec.BatchNormalization;
import io.stoker.models.spec.LayerSpec.Convolution;
import io.stoker.models.spec.LayerSpec.GlobalAveragePooling;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
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
  private static final int DEEP_EXAMPLES = 16;

  /**
   * With 50 layers, and one pixel left in the last ones, both engines are some 3e-4 from the
   * gradients in double precision. Steps magnify that so fast that they are not compared.
   */
  private static final String DEEPEST = "resnet-50";

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
   * in memory. Rounding alone lets gradients of such networks differ by more than 1e-4, whatever
   * the algorithm of convolutions, for three reasons. A value within rounding of 0 makes its
   * rectified unit pass the gradient in one engine and not in the other. Of two pixels within
   * rounding of each other, the engines may take another one as the maximum of a window. And batch
   * normalization over few values magnifies rounding errors. So gradients are compared with smooth
   * functions in place of rectified units and maxima, without dropout, and with batches of 16, and
   * both engines with double precision too.
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
          Batches.predict(torch, images, EXAMPLES),
          Batches.predict(oneDnn, images, EXAMPLES),
          TOLERANCE);
    }
  }

  @Tag("slow")
  @ParameterizedTest
  @MethodSource("deepModels")
  void onGradientsAndTenStepsOfDeepModels(String name) {
    ModelSpec model = SmoothModels.of(model(name));
    float[] images = Batches.images(model, DEEP_EXAMPLES, 2);
    float[] targets = Batches.targets(model, DEEP_EXAMPLES, 3);
    try (Network torch = DeviceUnderTest.engine().create(model, DEEP_EXAMPLES);
        Network oneDnn = oneDnn(model, DEEP_EXAMPLES, ConvolutionAlgorithm.DIRECT)) {
      for (Network network : List.of(torch, oneDnn)) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(model)));
        network.computeGradients(images, targets, DEEP_EXAMPLES, 0);
      }
      float[] exact = exactGradients(model, images, targets);
      float[] gradients = Batches.gradients(torch);
      float[] expected = Batches.gradients(oneDnn);
      boolean deepest = name.equals(DEEPEST);
      assertThat(worstTensor(model, gradients, expected, exact))
          .isLessThan(TOLERANCE * (deepest ? 5 : 1));
      assertThat(worstTensor(model, gradients, exact, exact))
          .as("torch is about as near to the result in double precision as onednn")
          .isLessThan(4 * worstTensor(model, expected, exact, exact) + 1e-6);
      if (!deepest) {
        takeSteps(List.of(torch, oneDnn), images, targets);
        assertTensorsClose(model, Batches.parameters(torch), Batches.parameters(oneDnn), TOLERANCE);
      }
    }
  }

  private static void takeSteps(List<Network> networks, float[] images, float[] targets) {
    for (int step = 0; step < 10; step++) {
      for (Network network : networks) {
        network.computeGradients(images, targets, DEEP_EXAMPLES, step);
        network.update(new StepSettings(1e-5f, 0.9f, 5e-4f));
      }
    }
  }

  private static float[] exactGradients(ModelSpec model, float[] images, float[] targets) {
    try (Network exact =
        new TorchEngine()
            .create(
                model,
                DEEP_EXAMPLES,
                RateMultipliers.ones(model),
                Settings.on(Settings.PROCESSOR, Products.FP64))) {
      exact.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(model)));
      exact.computeGradients(images, targets, DEEP_EXAMPLES, 0);
      return Batches.gradients(exact);
    }
  }

  /**
   * The largest root mean square of a tensor's difference, relative to that of the tensor. A bias
   * before batch normalization has the gradient 0 with double precision, and else what rounding
   * leaves: it is compared with the root mean square of all gradients.
   */
  private static double worstTensor(
      ModelSpec model, float[] actual, float[] expected, float[] exact) {
    double meanSquare = 0;
    for (float gradient : exact) {
      meanSquare += Math.pow(gradient, 2) / exact.length;
    }
    double worst = 0;
    for (Placed placed : model.placed()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        double difference = 0;
        double size = 0;
        double exactSize = 0;
        for (int end = offset + (int) tensor.size(); offset < end; offset++) {
          difference += Math.pow((double) actual[offset] - expected[offset], 2);
          size += Math.pow(expected[offset], 2);
          exactSize += Math.pow(exact[offset], 2);
        }
        double ofAll = meanSquare * tensor.size();
        size = exactSize < 1e-20 * ofAll ? ofAll : size;
        worst = size == 0 ? worst : Math.max(worst, Math.sqrt(difference / size));
      }
    }
    return worst;
  }

  /** The double precision that engines are compared with, against the formulas themselves. */
  @Test
  void doublePrecisionIsThatOfTheFormulas() {
    ModelSpec model =
        Batches.model(
            """
            name: small
            input: [6, 6, 2]
            layers:
              - conv: {filters: 4, kernel: 3, padding: 1}
              - batch-norm
              - tanh
              - lrn: {size: 3, k: 2, alpha: 0.01, beta: 0.75}
              - average-pool: {kernel: 2, stride: 2}
              - conv: {filters: 4, kernel: 3, padding: 1, groups: 2}
              - scaled-tanh
              - dense: 3
            """);
    int[] labels = {2, 0, 1};
    float[] images = Batches.images(model, 3, 5);
    float[] targets = new float[9];
    Targets.fill(labels, 3, 3, 0, targets);
    float[] parameters = Batches.randomParameters(model);
    double[] expected =
        new ReferenceNetwork(model)
            .gradients(
                IntStream.range(0, parameters.length).mapToDouble(i -> parameters[i]).toArray(),
                images,
                labels,
                3);
    try (Network exact =
        new TorchEngine()
            .create(
                model,
                3,
                RateMultipliers.ones(model),
                Settings.on(Settings.PROCESSOR, Products.FP64))) {
      exact.writeParameters(0, FloatBuffer.wrap(parameters));
      exact.computeGradients(images, targets, 3, 0);
      float[] gradients = Batches.gradients(exact);
      double largest = largest(expected.length, i -> expected[i]);
      assertThat(largest(expected.length, i -> gradients[i] - expected[i]))
          .isLessThan(1e-7 * largest);
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
        Network oneDnn = oneDnn(model, EXAMPLES, notRearranged(model))) {
      assertAgreeOnTenSteps(torch, oneDnn, images, targets, rate);
    }
  }

  /**
   * What onednn takes by default, but for layers that it would rearrange for Winograd's algorithm.
   * Their rounding errors decide which rectified units of a whole AlexNet pass their gradients, and
   * which pixels are the largest of their windows, as those of the direct algorithm do.
   */
  private static ConvolutionAlgorithm notRearranged(ModelSpec model) {
    ConvolutionAlgorithm fastest =
        new OneDnnEngine().resolve(model, EXAMPLES, Arithmetic.FASTEST_FP32).convolution();
    return fastest == ConvolutionAlgorithm.REARRANGED ? ConvolutionAlgorithm.WINOGRAD : fastest;
  }

  /** AlexNet's kinds of convolutions, with functions that decide nothing. */
  @Tag("slow")
  @Test
  void onOutputsGradientsAndTenStepsOfLayersThatAreRearranged() {
    ModelSpec model =
        Batches.model(
            """
            name: smooth-alexnet
            input: [115, 115, 3]
            layers:
              - conv: {filters: 96, kernel: 11, stride: 4}
              - tanh
              - lrn: {size: 5, k: 2, alpha: 0.0001, beta: 0.75}
              - average-pool: {kernel: 3, stride: 2}
              - conv: {filters: 256, kernel: 5, padding: 2, groups: 2}
              - tanh
              - conv: {filters: 192, kernel: 3, padding: 1, groups: 2}
              - tanh
              - average-pool: {kernel: 3, stride: 2}
              - dense: 64
              - tanh
              - dense: 10
            """);
    OneDnnEngine engine = new OneDnnEngine();
    Instructions.AVX512.assume();
    assertThat(model.placed().stream().filter(layer -> layer.layer() instanceof Convolution))
        .hasSize(3)
        .allSatisfy(
            layer ->
                assertThat(engine.algorithm(layer, DEEP_EXAMPLES, Arithmetic.FASTEST_FP32, false))
                    .contains("rearranged"));
    try (Network torch = DeviceUnderTest.engine().create(model, DEEP_EXAMPLES);
        Network oneDnn = oneDnn(model, DEEP_EXAMPLES, ConvolutionAlgorithm.AUTO)) {
      assertAgreeOnTenSteps(
          torch,
          oneDnn,
          Batches.images(model, DEEP_EXAMPLES, 2),
          Batches.targets(model, DEEP_EXAMPLES, 3),
          1e-3f);
    }
  }

  private static Network oneDnn(ModelSpec model, int batch, ConvolutionAlgorithm algorithm) {
    return new OneDnnEngine()
        .create(
            model, batch, RateMultipliers.ones(model), new Arithmetic(Precision.FP32, algorithm));
  }

  private static void assertAgreeOnTenSteps(
      Network torch, Network oneDnn, float[] images, float[] targets, float rate) {
    ModelSpec model = torch.model();
    int examples = torch.batchCapacity();
    for (Network network : List.of(torch, oneDnn)) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.randomParameters(model)));
    }
    for (int step = 0; step < 10; step++) {
      assertClose(
          Batches.predict(torch, images, examples),
          Batches.predict(oneDnn, images, examples),
          TOLERANCE);
      BatchScore score = torch.computeGradients(images, targets, examples, step);
      BatchScore expected = oneDnn.computeGradients(images, targets, examples, step);
      assertThat(score.correct()).isEqualTo(expected.correct());
      assertThat(score.lossSum())
          .isCloseTo(expected.lossSum(), within(TOLERANCE * expected.lossSum()));
      if (step == 0) {
        assertTensorsClose(model, Batches.gradients(torch), Batches.gradients(oneDnn), TOLERANCE);
      }
      for (Network network : List.of(torch, oneDnn)) {
        network.update(new StepSettings(rate, 0.9f, 5e-4f));
      }
    }
    assertTensorsClose(model, Batches.parameters(torch), Batches.parameters(oneDnn), TOLERANCE);
  }

  /** With weights of 0, the gradient of a weight is what dropout let through of its input. */
  @Test
  @Exact
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

  private static void assertTensorsClose(
      ModelSpec model, float[] actual, float[] expected, double tolerance) {
    for (Placed placed : model.placed()) {
      int offset = (int) placed.parameterOffset();
      for (ParameterSpec tensor : placed.parameters()) {
        int end = offset + (int) tensor.size();
        assertClose(
            Arrays.copyOfRange(actual, offset, end),
            Arrays.copyOfRange(expected, offset, end),
            tolerance);
        offset = end;
      }
    }
  }

  /** Relative to the largest value. */
  private static void assertClose(float[] actual, float[] expected, double tolerance) {
    double scale = largest(expected.length, i -> expected[i]);
    double difference = largest(expected.length, i -> (double) actual[i] - expected[i]);
    assertThat(difference).isLessThanOrEqualTo(tolerance * scale + 1e-9);
  }

  private static double largest(int count, IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).map(Math::abs).max().orElse(0);
  }
}
