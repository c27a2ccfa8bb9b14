// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.dl4j.Dl4jEngine;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import io.stoker.models.zoo.Zoo;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class RefusedInt8Test {
  private static final ModelSpec MODEL = Zoo.model("perceptron", 10);
  private static final Quantization FIRST =
      new Quantization(new TreeMap<>(Map.of("1", new Quantization.Range(1, true))));

  @Test
  void byProcessorsWithoutInstructionsForIt() {
    assertThatThrownBy(() -> OneDnnEngine.requireInt8(MODEL, FIRST, false))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "Cannot compute in int8: this processor has neither VNNI nor AMX (avx512_vnni,");
    assertThatCode(() -> OneDnnEngine.requireInt8(MODEL, Quantization.NONE, false))
        .doesNotThrowAnyException();
  }

  @Test
  void byAnEngineWithoutCodeForIt() {
    assertThatThrownBy(() -> new Dl4jEngine().requireInt8(MODEL, FIRST))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Engine dl4j does not compute in int8: use --engine onednn");
  }
}
