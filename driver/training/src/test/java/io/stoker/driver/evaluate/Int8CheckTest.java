// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.zoo.Zoo;
import org.junit.jupiter.api.Test;

class Int8CheckTest {
  private static final ModelSpec MODEL = Zoo.model("perceptron", 10);

  @Test
  void namesTheExecutorThatCannot() {
    Quantization all = Quantization.ofAll(MODEL, new Quantization.Range(1, true));

    assertThatThrownBy(() -> Int8Check.on("node-7", "dl4j", MODEL, all))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Engine dl4j does not compute in int8: ")
        .hasMessageEndingWith(" (executor on node-7)");
    assertThat(Int8Check.on("node-7", "dl4j", MODEL, Quantization.NONE)).isTrue();
  }
}
