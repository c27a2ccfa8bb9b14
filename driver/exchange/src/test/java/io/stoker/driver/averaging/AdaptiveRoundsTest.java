// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.models.engine.StepSettings;
import io.stoker.testing.Exact;
import io.stoker.worker.sgd.StepSchedule;
import org.apache.spark.TaskContext;
import org.junit.jupiter.api.Test;

/** Rounds of AdamW, whose two moments travel with the parameters. */
@Exact
class AdaptiveRoundsTest extends AveragingJobs {
  private static final StepSchedule ADAM_W =
      step ->
          new StepSettings(
              0.001f,
              0.9f,
              StepSettings.Momentum.CLASSICAL,
              0.01f,
              StepSettings.UNCLIPPED,
              new StepSettings.Adam(0.999f, 1e-8f, step + 1));

  @Override
  StepSchedule schedule() {
    return ADAM_W;
  }

  @Override
  int vectors() {
    return 3;
  }

  @Test
  void tasksThatDieChangeNoBit() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && (step == 1 || (step == 5 && task.partitionId() == 2))) {
            throw new IllegalStateException("a task fails once");
          }
          return ADAM_W.at(step);
        };

    assertThat(trainOn("local[2,3]", failing, parameters -> {})).isEqualTo(undisturbed);
  }

  @Test
  void slicesThatAreLostChangeNoBit() {
    assertThat(
            trainOn(
                "local[2]",
                ADAM_W,
                spark -> spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true))))
        .isEqualTo(undisturbed);
  }
}
