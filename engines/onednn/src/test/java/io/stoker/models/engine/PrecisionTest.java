// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrecisionTest {
  @ParameterizedTest
  @EnumSource
  void isFoundByItsName(Precision precision) {
    assertThat(Precision.parse(precision.toString())).isEqualTo(precision);
  }

  @Test
  void aMistypedNameIsRefusedWithTheNearestOne() {
    assertThatThrownBy(() -> Precision.parse("tf23"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'tf32'?");
  }

  @ParameterizedTest
  @ValueSource(strings = {"onednn", "dl4j"})
  void theFormatOfCardsIsRefusedByEnginesForProcessors(String engine) {
    ModelSpec model = Zoo.model("perceptron", 10);
    Arithmetic tf32 = new Arithmetic(Precision.TF32, ConvolutionAlgorithm.AUTO);

    assertThatThrownBy(() -> Engines.named(engine).resolve(model, 1, tf32))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Cannot compute in tf32 on processors: it is a format of NVIDIA GPUs; use --engine"
                + " torch --device gpu, or --precision fp32");
  }
}
