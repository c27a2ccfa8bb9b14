// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.dl4j.Dl4jEngine;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.nio.FloatBuffer;
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
  void stockDeeplearning4jSaysThatItCannot() {
    try (Network network = new Dl4jEngine().create(MODEL, 1)) {
      assertThatThrownBy(network::timeLayers)
          .isInstanceOf(InputException.class)
          .hasMessageContaining("--engine");
    }
  }

  private static Network network() {
    Network network = new OneDnnEngine().create(MODEL, 2, RateMultipliers.of(MODEL, FROZEN, 1));
    float[] parameters = new float[(int) MODEL.parameterCount()];
    new InitialParameters(MODEL, 5).fill(0, FloatBuffer.wrap(parameters));
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }

  private static float[] gradients(Network network) {
    float[] values = new float[(int) MODEL.parameterCount()];
    network.readGradients(0, FloatBuffer.wrap(values));
    return values;
  }
}
