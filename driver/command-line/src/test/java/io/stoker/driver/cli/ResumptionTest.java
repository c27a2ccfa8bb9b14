// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.job.JobPlan;
import io.stoker.models.file.TrainingClock;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ResumptionTest {
  private final JobPlan plan = new JobPlan(100, 1, 1, new TreeMap<>(Map.of(0, 1)));
  private final Resumption resumption = new Resumption();

  @Test
  void namesACheckpointOnlyWhereThereIsOne() {
    assertThat(resumption.text()).contains("nothing was trained").doesNotContain("checkpoint");
    resumption.started(plan, TrainingClock.START);
    assertThat(resumption.text()).contains("no checkpoint was complete yet");
    resumption.checkpointWritten("file:/run/checkpoints/000020");
    assertThat(resumption.text()).contains("/run/checkpoints/000020, is complete", "--resume");
  }

  @Test
  void namesTheCheckpointThatARunWasResumedFrom() {
    resumption.started(plan, new TrainingClock(20, 0, 20, 20, 20));

    assertThat(resumption.text()).contains("that of round 20, is complete");
  }
}
