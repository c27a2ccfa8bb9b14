// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.OneDnnEngine;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Looking into a network, timing its layers, and networks of which a part is frozen. */
class InspectionTest {
  private static final int FROZEN = 3;
  private static final ModelSpec LENET = Zoo.model("lenet5", 10);

  private static final ModelSpec NORMALIZED =
      Batches.model(
          """
          name: normalized
          input: [9, 9, 2]
          layers:
            - conv: {filters: 5, kernel: 3}
            - batch-norm
            - tanh
            - max-pool: {kernel: 3, stride: 2}
            - dropout: 0.5
            - dense: 4
          """);

  @Test
  void activationsAndDerivativesAreThoseOfOneDnn() {
    ModelSpec model = LENET;
    float[] images = Batches.images(model, 3, 1);
    try (Network torch = DeviceUnderTest.engine().create(model, 4);
        Network oneDnn = new OneDnnEngine().create(model, 4)) {
      for (Network network : new Network[] {torch, oneDnn}) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(model)));
      }
      for (int layer = 0; layer < model.layers().size(); layer++) {
        int size = 3 * model.placed().get(layer).input().features();
        float[][] actual = inspect(torch, images, layer, size);
        float[][] expected = inspect(oneDnn, images, layer, size);
        for (int i = 0; i < size; i++) {
          assertThat(actual[0][i]).isCloseTo(expected[0][i], within(1e-5f));
          assertThat(actual[1][i]).isCloseTo(expected[1][i], within(1e-5f));
        }
        float[] alone = new float[size];
        torch.activations(images, 3, layer, alone);
        assertThat(alone).isEqualTo(actual[0]);
      }
    }
  }

  private static float[][] inspect(Network network, float[] images, int layer, int size) {
    float[][] values = new float[2][size];
    network.inspect(images, 3, new int[] {2, 0, 1}, layer, values[0], values[1]);
    return values;
  }

  @Test
  void derivativesThroughBatchNormalizationAreThoseOfInference() {
    float[] images = Batches.images(NORMALIZED, 1, 1);
    int features = images.length;
    try (Network network = DeviceUnderTest.engine().create(NORMALIZED, 1)) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(NORMALIZED)));
      float[][] derivatives = new float[2][features];
      for (int label = 0; label < 2; label++) {
        network.inspect(images, 1, new int[] {label}, 0, new float[features], derivatives[label]);
      }
      for (int pixel = 0; pixel < features; pixel += 11) {
        // The normalizer of softmax drops out of the difference of two scores.
        double difference =
            (difference(network, images, pixel, 4e-3f) - difference(network, images, pixel, -4e-3f))
                / 8e-3;
        assertThat((double) derivatives[0][pixel] - derivatives[1][pixel])
            .isCloseTo(difference, within(2e-3));
      }
    }
  }

  private static double difference(Network network, float[] images, int pixel, float step) {
    float[] moved = images.clone();
    moved[pixel] += step;
    float[] probabilities = Batches.predict(network, moved, 1);
    return Math.log(probabilities[0]) - Math.log(probabilities[1]);
  }

  @Test
  void arraysThatAreTooShortAreRefused() {
    try (Network network = DeviceUnderTest.engine().create(LENET, 2)) {
      float[] images = Batches.images(LENET, 2, 1);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> network.activations(images, 2, 0, new float[images.length - 1]))
          .withMessageContaining("activations");
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> network.inspect(images, 2, new int[1], 0, images.clone(), images.clone()))
          .withMessageContaining("labels");
    }
  }

  @Test
  void eachPassOfEachLayerThatHasOneIsTimedAndNothingElseChanges() {
    float[] images = Batches.images(LENET, 2, 1);
    float[] targets = Batches.targets(LENET, 2, 1);
    try (Network timed = frozen();
        Network plain = frozen()) {
      LayerTimes times = timed.timeLayers();

      assertThat(timed.computeGradients(images, targets, 2, 1))
          .isEqualTo(plain.computeGradients(images, targets, 2, 1));
      assertThat(Batches.gradients(timed)).isEqualTo(Batches.gradients(plain));
      for (int layer = 0; layer < LENET.layers().size(); layer++) {
        assertThat(times.forward(layer)).isPositive();
        assertThat(times.backward(layer) > 0).isEqualTo(layer >= FROZEN);
      }
      assertThat(timed.timeLayers()).isSameAs(times);
    }
  }

  @Test
  void frozenLayersStayAsTheyAreAndTheOthersLearn() {
    float[] before = Batches.initialParameters(LENET);
    int frozen = (int) LENET.placed().get(FROZEN).parameterOffset();
    try (Network network = frozen()) {
      network.computeGradients(Batches.images(LENET, 2, 1), Batches.targets(LENET, 2, 1), 2, 1);
      network.update(new StepSettings(0.1f, 0.9f, 0.01f));

      float[] after = Batches.parameters(network);
      assertThat(Arrays.copyOf(after, frozen)).isEqualTo(Arrays.copyOf(before, frozen));
      assertThat(after[frozen + 1]).isNotEqualTo(before[frozen + 1]);
    }
  }

  @Test
  void biasesLearnAtTheirOwnRateAndALongGradientIsClipped() {
    float[] images = Batches.images(LENET, 2, 1);
    float[] targets = Batches.targets(LENET, 2, 1);
    RateMultipliers rates = RateMultipliers.of(LENET, 0, 2);
    try (Network torch = DeviceUnderTest.engine().create(LENET, 2, rates);
        Network oneDnn = new OneDnnEngine().create(LENET, 2, rates)) {
      for (Network network : new Network[] {torch, oneDnn}) {
        network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(LENET)));
        network.computeGradients(images, targets, 2, 1);
        network.update(new StepSettings(0.1f, 0.9f, 0.01f, 0.05f));
      }
      float[] expected = Batches.parameters(oneDnn);
      float[] actual = Batches.parameters(torch);
      for (int i = 0; i < expected.length; i++) {
        assertThat(actual[i]).isCloseTo(expected[i], within(1e-6f));
      }
    }
  }

  private static Network frozen() {
    Network network =
        DeviceUnderTest.engine().create(LENET, 2, RateMultipliers.of(LENET, FROZEN, 1));
    network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(LENET)));
    return network;
  }
}
