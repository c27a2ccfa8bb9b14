// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.worker.runtime.ExecutorResources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicaReuseTest {
  @TempDir static Path folder;

  /** How many networks the process had built after each round and each validation. */
  private static final class Created implements RoundListener {
    private final List<Long> afterRounds = new ArrayList<>();
    private final List<Long> afterValidations = new ArrayList<>();

    @Override
    public void roundFinished(RoundMetrics metrics) {
      afterRounds.add(ExecutorResources.here().networksCreated());
    }

    @Override
    public void validated(ValidationMetrics validation) {
      afterValidations.add(ExecutorResources.here().networksCreated());
    }
  }

  /** That no other test of this process trains with, so that the job finds no idle network. */
  private static final int BATCH = 13;

  @Test
  void validationsAndRoundsShareTheirNetworks() {
    Created created = new Created();
    TinyJob job = TinyJob.in(folder);
    long before = ExecutorResources.here().networksCreated();
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      TrainJob.run(
          spark,
          job.config("run")
              .batch(BATCH)
              .workers(2)
              .epochs(3)
              .validateEvery(1)
              .validationSplit("test")
              .build(),
          ExistingRun.REFUSE,
          created);
    }

    assertThat(created.afterValidations).hasSizeGreaterThan(3);
    long first = created.afterRounds.get(0);
    assertThat(first - before).as("built for the first round").isBetween(1L, 2L);
    // The two workers of the first round may have run one after the other, on one network.
    assertThat(created.afterValidations).allMatch(count -> count <= before + 2);
    assertThat(created.afterRounds).allMatch(count -> count <= before + 2);
  }
}
