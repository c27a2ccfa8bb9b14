// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.JobPlan;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.ExecutorResources;
import io.stoker.worker.runtime.TrainingReaders;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataPrefetchTest {
  private static final int WORKERS = 2;
  private static final int EPOCHS = 2;

  @TempDir Path folder;

  private final TrainingReaders readers = ExecutorResources.here().readers();

  /**
   * Trains.
   *
   * @return how many readers were open before the first round
   */
  private int openedBeforeTheFirstRound(String master) {
    AtomicInteger opened = new AtomicInteger();
    int before = readers.opened();
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      TrainJob.run(
          spark,
          TinyJob.in(folder).config("run").workers(WORKERS).epochs(EPOCHS).build(),
          ExistingRun.REFUSE,
          new RoundListener() {
            @Override
            public void started(JobPlan plan, TrainingClock clock) {
              opened.set(readers.opened() - before);
            }
          });
    }
    assertThat(readers.opened() - before).isEqualTo(WORKERS * EPOCHS);
    return opened.get();
  }

  @Test
  void opensTheDataThatTheFirstRoundGoesOnWith() {
    assertThat(openedBeforeTheFirstRound("local[2]")).isEqualTo(WORKERS);
  }

  @Test
  void isNotForWorkersThatTakeTurns() {
    assertThat(openedBeforeTheFirstRound("local[1]")).isZero();
  }
}
