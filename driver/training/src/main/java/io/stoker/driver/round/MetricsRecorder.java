// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.models.file.TrainingClock;

/** Writes each round to the run's {@code metrics.jsonl}. */
record MetricsRecorder(MetricsLog log) implements RoundListener {
  @Override
  public void roundFinished(RoundMetrics metrics) {
    log.append(metrics);
  }

  /** A run that is resumed from the checkpoint may need the losses of the rounds before it. */
  @Override
  public void checkpointBegins(TrainingClock clock) {
    log.flush();
  }
}
