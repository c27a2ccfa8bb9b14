// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.search.TrialResult.State;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImportanceTest {
  /** By hand: the means of the groups are 2 and 6, SSW = 4, SST = 28, so 1 - (4/4) / (28/5). */
  @Test
  void theShareIsKelleysEpsilonSquared() {
    double share =
        Importance.explained(new double[] {1, 2, 3, 5, 6, 7}, new int[] {0, 0, 0, 4, 4, 4});

    assertThat(share).isCloseTo(1 - 1 / 5.6, within(1e-12));
    assertThat(Importance.explained(new double[] {3, 3, 3}, new int[] {0, 1, 1})).isZero();
    assertThat(Importance.explained(new double[] {1, 2}, new int[] {0, 1})).isZero();
  }

  @Test
  void theOptionThatDecidesIsTheMostImportantAndAnotherExplainsLittle() throws IOException {
    String space =
        """
        {"momentum": {"from": 0.1, "to": 0.9}, "batch": [16, 32], "epochs": 1,
         "learning-rate": {"from": 0.001, "to": 1, "scale": "log"}}
        """;
    StudyPlan plan =
        new StudyPlan(
            "data",
            "hash",
            "test",
            0,
            (ObjectNode) new ObjectMapper().readTree(space),
            64,
            1,
            1,
            false,
            SelectionMetric.LOG_LOSS,
            List.of(),
            Sampler.SOBOL,
            1,
            0);
    List<ObjectNode> options = Places.of(plan, List.of()).options();
    List<TrialResult> results = new ArrayList<>();
    for (int i = 0; i < options.size(); i++) {
      double distance =
          Math.abs(Math.log10(options.get(i).path("learning-rate").doubleValue()) + 2);
      results.add(
          distance > 1.8
              ? TrialResult.failed(i, 0, 1, State.DIVERGED, 1, "diverged")
              : new TrialResult(i, 0, 1, State.DONE, distance, distance, "sha", 1, "", List.of()));
    }

    List<Importance> importances = Importance.of(new Standing(plan, options, results, 0));

    assertThat(importances).hasSize(3);
    assertThat(importances.get(0).option()).isEqualTo("learning-rate");
    assertThat(importances.get(0).share()).isGreaterThan(0.7);
    assertThat(importances.get(1).share()).isLessThan(0.1);
    assertThat(Importance.of(new Standing(plan, options, results.subList(0, 7), 0))).isEmpty();
  }
}
