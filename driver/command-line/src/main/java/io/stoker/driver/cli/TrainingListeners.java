// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.mlflow.MlflowLog;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.tensorboard.TensorBoardLog;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The observers of a training run; it owns them. */
final class TrainingListeners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingListeners.class);

  private final TrainingProgress progress;
  private final Optional<Dashboard> dashboard;
  private final Optional<TensorBoardLog> tensorboard;
  private final Optional<MlflowLog> mlflow;

  TrainingListeners(
      TrainingProgress progress,
      Optional<Dashboard> dashboard,
      Optional<TensorBoardLog> tensorboard,
      Optional<MlflowLog> mlflow) {
    this.progress = progress;
    this.dashboard = dashboard;
    this.tensorboard = tensorboard;
    this.mlflow = mlflow;
  }

  /** Those that are told of each round. */
  RoundListeners listeners() {
    RoundListeners all = RoundListeners.observing(progress);
    for (RoundListener log : logs()) {
      all = all.and(RoundListeners.observing(log));
    }
    return all;
  }

  private List<RoundListener> logs() {
    return Stream.<Optional<? extends RoundListener>>of(tensorboard, mlflow)
        .<RoundListener>flatMap(Optional::stream)
        .toList();
  }

  @Override
  public void close() {
    close(progress);
    dashboard.ifPresent(TrainingListeners::close);
    tensorboard.ifPresent(TrainingListeners::close);
    mlflow.ifPresent(TrainingListeners::close);
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
