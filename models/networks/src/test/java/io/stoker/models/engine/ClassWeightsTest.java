// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.failure.InputException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClassWeightsTest {
  /** The values are those of scikit-learn's compute_class_weight("balanced", ...). */
  @Test
  void balancedOnesGiveEachClassTheSameTotal() {
    assertThat(ClassWeights.balanced(new long[] {60, 30, 10}).values())
        .satisfiesExactly(
            weight -> assertThat(weight).isCloseTo(0.5555556f, within(1e-6f)),
            weight -> assertThat(weight).isCloseTo(1.1111112f, within(1e-6f)),
            weight -> assertThat(weight).isCloseTo(3.3333333f, within(1e-6f)));
  }

  @Test
  void aClassWithoutExamplesIsNotCounted() {
    assertThat(ClassWeights.balanced(new long[] {0, 10, 30}).values()).startsWith(1f, 2f);
  }

  @Test
  void anExampleHasTheWeightOfItsClasses() {
    ClassWeights weights = new ClassWeights(List.of(1f, 4f, 2f));
    float[] filled = {-1, -1, -1, -1};

    weights.fill(new int[] {1, 0, 2}, new int[] {1, 1, 2}, new float[] {1, 0.75f, 0.5f}, 3, filled);

    assertThat(filled).containsExactly(4, 1.75f, 2, -1);
  }

  @ParameterizedTest
  @ValueSource(floats = {0, -1, Float.NaN, Float.POSITIVE_INFINITY})
  void otherNumbersAreRefused(float weight) {
    assertThatThrownBy(() -> new ClassWeights(List.of(1f, weight)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid weight of class 1: " + weight);
  }
}
