// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.failure.DamagedException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PredictionColumnsTest {
  private static final PredictionColumns COLUMNS =
      new PredictionColumns("", "", "prediction", "label", "", List.of("ant", "bee"), List.of());

  @Test
  void theMostProbableClassIsPredicted() {
    assertThat(COLUMNS.values(new float[] {9, 0.25f, 0.75f}, 1)).containsExactly(1.0, "bee");
  }

  /** Of a network whose sums overflow, no class is the most probable one. */
  @Test
  void aProbabilityThatIsNoNumberIsRefused() {
    assertThatThrownBy(() -> COLUMNS.values(new float[] {0.5f, Float.NaN}, 0))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("class 1");
  }
}
