// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.dl4j.Dl4jEngine;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayerTimesTest {
  private static final ModelSpec MODEL = Zoo.model("lenet5", 10);
  private static final int FROZEN = 3;

  private final float[] images = new float[2 * MODEL.input().features()];
  private final float[] targets = new float[2 * MODEL.classes()];

  @Test
  void eachPassOfEachLayerThatHasOneIsTimedAndNothingElseChanges() {
    for (int i = 0; i < images.length; i++) {
      images[i] = (i % 7) / 7f;
    }
    targets[3] = 1;
    targets[10] = 1;
    try (Network timed = network();
        Network plain = network()) {
      LayerTimes times = timed.timeLayers();

      assertThat(timed.computeGradients(images, targets, 2, 1))
          .isEqualTo(plain.computeGradients(images, targets, 2, 1));
      assertThat(gradients(timed)).isEqualTo(gradients(plain));
      for (int layer = 0; layer < MODEL.layers().size(); layer++) {
        assertThat(times.forward(layer)).isPositive();
        assertThat(times.backward(layer) > 0).isEqualTo(layer >= FROZEN);
      }
      assertThat(timed.timeLayers()).isSameAs(times);
      long forward = times.forward(0);
      timed.predict(images, 2, targets);
      assertThat(times.forward(0)).isGreaterThan(forward);
      times.clear();
      assertThat(times.forward(0)).isZero();
    }
  }

  @Test
  void layersInsideOfBlocksAreTimedAsPartOfTheirBlocks() {
    ModelSpec model = Zoo.model("resnet-20", 10);
    float[] input = new float[2 * model.input().features()];
    float[] classes = new float[2 * model.classes()];
    classes[1] = 1;
    classes[12] = 1;
    try (Network timed = network(model, RateMultipliers.ones(model));
        Network plain = network(model, RateMultipliers.ones(model))) {
      LayerTimes times = timed.timeLayers();
      assertThat(timed.computeGradients(input, classes, 2, 1))
          .isEqualTo(plain.computeGradients(input, classes, 2, 1));

      assertThat(gradients(timed)).isEqualTo(gradients(plain));
      for (ModelSpec.Placed block : model.placed()) {
        long inside = 0;
        for (ModelSpec.Placed layer : block.inner().isEmpty() ? List.of(block) : leaves(block)) {
          assertThat(times.forward(layer.index())).as(layer.path()).isPositive();
          assertThat(times.backward(layer.index())).as(layer.path()).isPositive();
          inside += times.forward(layer.index()) + times.backward(layer.index());
        }
        assertThat(inside)
            .isLessThanOrEqualTo(times.forward(block.index()) + times.backward(block.index()));
      }
    }
  }

  private static List<ModelSpec.Placed> leaves(ModelSpec.Placed block) {
    return block.leaves().toList();
  }

  @Test
  void layersThatAreFrozenInsideOfABlockHaveNoBackwardPass() {
    ModelSpec model = Zoo.model("resnet-20", 10);
    List<ModelSpec.Placed> block = leaves(model.placed().get(3));
    ModelSpec.Placed firstThatLearns = block.get(3); // the second convolution
    float[] input = new float[2 * model.input().features()];
    float[] classes = new float[2 * model.classes()];
    for (int i = 0; i < input.length; i++) {
      input[i] = (i % 7) / 7f;
    }
    classes[1] = 1;
    classes[12] = 1;
    RateMultipliers rates = RateMultipliers.freezing(model, firstThatLearns.parameterOffset(), 1);
    assertThat(rates.frozenLayers(model)).isEqualTo(3);
    assertThat(rates.frozenParameters(model)).isEqualTo(firstThatLearns.parameterOffset());
    try (Network frozen = network(model, rates);
        Network free = network(model, RateMultipliers.ones(model))) {
      LayerTimes times = frozen.timeLayers();
      frozen.computeGradients(input, classes, 2, 1);
      free.computeGradients(input, classes, 2, 1);

      for (ModelSpec.Placed layer : block) {
        assertThat(times.backward(layer.index()) > 0)
            .as(layer.path())
            .isEqualTo(layer.index() >= firstThatLearns.index());
      }
      int from = (int) firstThatLearns.parameterOffset();
      float[] expected = gradients(free);
      float[] found = gradients(frozen);
      assertThat(Arrays.copyOfRange(found, from, found.length))
          .isEqualTo(Arrays.copyOfRange(expected, from, expected.length));
      float[] before = parameters(frozen);
      frozen.update(new StepSettings(0.1f, 0.9f, 0.01f));
      float[] after = parameters(frozen);
      assertThat(Arrays.copyOf(after, from)).isEqualTo(Arrays.copyOf(before, from));
      assertThat(after[from]).isNotEqualTo(before[from]);
    }
  }

  private static float[] parameters(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readParameters(0, FloatBuffer.wrap(values));
    return values;
  }

  @Test
  void stockDeeplearning4jSaysThatItCannot() {
    try (Network network = new Dl4jEngine().create(MODEL, 1)) {
      assertThatThrownBy(network::timeLayers)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("--engine");
    }
  }

  private static Network network() {
    return network(MODEL, RateMultipliers.of(MODEL, FROZEN, 1));
  }

  private static Network network(ModelSpec model, RateMultipliers rates) {
    Network network = new OneDnnEngine().create(model, 2, rates);
    float[] parameters = new float[(int) model.parameterCount()];
    new InitialParameters(model, 5).fill(0, FloatBuffer.wrap(parameters));
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }

  private static float[] gradients(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readGradients(0, FloatBuffer.wrap(values));
    return values;
  }
}
