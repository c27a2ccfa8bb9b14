// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.RunWatches;
import java.util.Optional;

/** The observers of a training run; it owns them. */
record TrainingListeners(
    TrainingProgress progress, Optional<Dashboard> dashboard, RunWatches watches)
    implements AutoCloseable {
  /** Those that are told of each round. */
  RoundListeners listeners() {
    return RoundListeners.observing(progress).and(watches.listeners());
  }

  @Override
  public void close() {
    RunWatches.close(progress);
    dashboard.ifPresent(RunWatches::close);
    watches.close();
  }
}
