// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.dl4j.Dl4jEngine;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The default engine against stock Deeplearning4j on whole models: who loads a checkpoint elsewhere
 * gets what training computed here.
 */
@Tag("slow")
class EnginesAgreeTest {
  /** As large as AlexNet or as deep as ResNet-50, and of the same parts as others. */
  private static final Set<String> LARGE =
      Set.of(
          "alexnet",
          "alexnet-single",
          "alexnet-owt",
          "alexnet-bn",
          "caffenet",
          "googlenet",
          "resnet-34",
          "resnet-50",
          "resnet-56",
          "vgg-11",
          "vgg-11-bn",
          "vgg-16",
          "vgg-16-bn");

  static List<String> models() {
    return Zoo.names().stream().filter(name -> !LARGE.contains(name)).toList();
  }

  @ParameterizedTest
  @MethodSource("models")
  void outputsAndStepsAreThoseOfStockDeeplearning4j(String name) {
    List<Integer> sizes = Zoo.sizes(name);
    ModelSpec model =
        withoutDropout(sizes.isEmpty() ? Zoo.model(name, 10) : Zoo.sized(name, small(sizes), 10));
    int examples = 4;
    SplittableRandom random = new SplittableRandom(2);
    float[] images = new float[examples * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextDouble(-1.5, 1.5);
    }
    // At the rate of small models, large ones leave their random beginning too fast to be compared.
    boolean normalized = model.learnedCount() < model.parameterCount();
    float rate = normalized || model.input().features() > 10_000 ? 1e-5f : 1e-2f;
    // The deviation of the few values of a channel in the last stages magnifies rounding errors.
    double tolerance = normalized ? 1e-3 : 1e-5;
    double lossTolerance = normalized ? 1e-2 : 1e-4;
    float[] targets = new float[examples * 10];
    Targets.fill(new int[] {3, 1, 4, 1}, examples, 10, 0.1f, targets);
    float[] parameters = new float[(int) model.parameterCount()];
    new InitialParameters(model, 7).fill(0, FloatBuffer.wrap(parameters));
    try (Network fast = Engines.named(Engines.AUTO).create(model, examples);
        Network stock = new Dl4jEngine().create(model, examples)) {
      for (Network network : List.of(fast, stock)) {
        network.writeParameters(0, FloatBuffer.wrap(parameters));
      }
      assertClose(predict(fast, images, examples), predict(stock, images, examples), 1e-5);
      for (int step = 0; step < 3; step++) {
        assertClose(predict(fast, images, examples), predict(stock, images, examples), tolerance);
        BatchScore score = fast.computeGradients(images, targets, examples, 1);
        BatchScore expected = stock.computeGradients(images, targets, examples, 1);
        assertThat(score.correct()).isEqualTo(expected.correct());
        assertThat(score.lossSum()).isCloseTo(expected.lossSum(), within(lossTolerance));
        for (Network network : List.of(fast, stock)) {
          network.update(new StepSettings(rate, 0.9f, 5e-4f));
        }
        assertClose(parameters(fast), parameters(stock), tolerance);
      }
    }
  }

  /** The smallest size of few, else one that leaves several pixels to the last layers. */
  private static int small(List<Integer> sizes) {
    return sizes.get(sizes.size() > 3 ? 1 : 0);
  }

  private static ModelSpec withoutDropout(ModelSpec model) {
    return new ModelSpec(
        model.name(),
        model.input(),
        model.layers().stream().filter(layer -> !(layer instanceof LayerSpec.Dropout)).toList());
  }

  private static float[] predict(Network network, float[] images, int examples) {
    float[] probabilities = new float[examples * network.model().classes()];
    network.predict(images, examples, probabilities);
    return probabilities;
  }

  private static float[] parameters(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readParameters(0, FloatBuffer.wrap(values));
    return values;
  }

  private static void assertClose(float[] actual, float[] expected, double tolerance) {
    double largest = 0;
    for (int i = 0; i < actual.length; i++) {
      largest = Math.max(largest, Math.abs((double) actual[i] - expected[i]));
    }
    assertThat(largest).isLessThan(tolerance);
  }
}
