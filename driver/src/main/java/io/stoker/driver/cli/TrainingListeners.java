// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.tensorboard.TensorBoardLog;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The observers of a training run; it owns them. */
final class TrainingListeners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingListeners.class);

  private final TrainingProgress progress;
  private final Optional<Dashboard> dashboard;
  private final Optional<TensorBoardLog> tensorboard;

  TrainingListeners(
      TrainingProgress progress,
      Optional<Dashboard> dashboard,
      Optional<TensorBoardLog> tensorboard) {
    this.progress = progress;
    this.dashboard = dashboard;
    this.tensorboard = tensorboard;
  }

  /** Those that are told of each round. */
  RoundListeners listeners() {
    RoundListeners shown = RoundListeners.observing(progress);
    return tensorboard.map(log -> shown.and(RoundListeners.observing(log))).orElse(shown);
  }

  @Override
  public void close() {
    close(progress);
    dashboard.ifPresent(TrainingListeners::close);
    tensorboard.ifPresent(TrainingListeners::close);
  }

  /** The run is complete, or has failed for a reason of its own: no observer changes that. */
  private static void close(AutoCloseable observer) {
    try {
      observer.close();
    } catch (Exception e) {
      LOG.warn("Cannot close {}: {}", observer.getClass().getSimpleName(), e.toString());
    }
  }
}
