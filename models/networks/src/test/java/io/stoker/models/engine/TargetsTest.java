// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class TargetsTest {
  @Test
  void giveEachClassOfAMixedExampleItsShare() {
    float[] targets = new float[8];

    Targets.fill(new int[] {1, 2}, new int[] {3, 2}, new float[] {0.75f, 0.5f}, 2, 4, 0, targets);

    assertThat(targets).containsExactly(0, 0.75f, 0, 0.25f, 0, 0, 1, 0);
  }

  @Test
  void smoothTheMixture() {
    float[] targets = new float[4];

    Targets.fill(new int[] {1}, new int[] {3}, new float[] {0.75f}, 1, 4, 0.5f, targets);

    assertThat(targets).containsExactly(0.125f, 0.5f, 0.125f, 0.25f);
  }

  @Test
  void areThoseOfPlainLabelsWhereNothingIsMixed() {
    float[] plain = new float[12];
    float[] whole = new float[12];

    Targets.fill(new int[] {0, 2, 1}, 3, 4, 0.1f, plain);
    Targets.fill(
        new int[] {0, 2, 1}, new int[] {0, 2, 1}, new float[] {1, 1, 1}, 3, 4, 0.1f, whole);

    assertThat(whole).isEqualTo(plain);
  }

  @Test
  void refuseWhatIsNoClass() {
    float[] targets = new float[4];
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> Targets.fill(new int[] {1}, new int[] {4}, new float[] {1}, 1, 4, 0, targets))
        .withMessageContaining("4");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Targets.fill(new int[] {-1}, 1, 4, 0, targets))
        .withMessageContaining("-1");
  }
}
