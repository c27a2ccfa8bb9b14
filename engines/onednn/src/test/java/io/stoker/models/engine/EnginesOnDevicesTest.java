// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EnginesOnDevicesTest {
  @ParameterizedTest
  @ValueSource(strings = {"auto", "dl4j", "onednn"})
  void refusesCardsInABuildForProcessors(String engine) {
    assumeThat(Engines.all()).noneMatch(Engine::computesOnDevices); // not the CUDA build

    assertThatThrownBy(() -> Engines.onDevices(engine))
        .isInstanceOf(ResourceException.class)
        .hasMessageContaining("ND4J's backend is the CPU")
        .hasMessageContaining("mvn -Pcuda");
  }

  @Test
  void refusesAnUnknownEngineForCardsToo() {
    assertThatThrownBy(() -> Engines.onDevices("dl5j"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'dl4j'?");
  }

  @Test
  void processorsAreNoDevices() {
    assumeThat(Engines.all()).noneMatch(Engine::computesOnDevices);

    assertThat(Engines.all()).allMatch(engine -> engine.devices().isEmpty());
  }
}
