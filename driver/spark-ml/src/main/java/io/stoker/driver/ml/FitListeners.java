// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.mlflow.MlflowLog;
import io.stoker.driver.round.ExistingRun;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.tensorboard.TensorBoardLog;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The observers of a fit that its params ask for; it owns them. */
final class FitListeners implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FitListeners.class);

  private final Optional<TensorBoardLog> tensorboard;
  private final Optional<MlflowLog> mlflow;

  private FitListeners(Optional<TensorBoardLog> tensorboard, Optional<MlflowLog> mlflow) {
    this.tensorboard = tensorboard;
    this.mlflow = mlflow;
  }

  /**
   * Starts them.
   *
   * @param config the job
   * @param tensorboardDir a folder in which the run gets one; empty for none
   * @param existing whether the job goes on with a run that is there
   * @param hadoop how to reach folders
   */
  static FitListeners start(
      TrainingConfig config, String tensorboardDir, ExistingRun existing, Configuration hadoop) {
    Optional<TensorBoardLog> tensorboard =
        tensorboardDir.isBlank()
            ? Optional.empty()
            : Optional.of(
                TensorBoardLog.in(
                    new Path(
                            Locations.absolute(tensorboardDir, hadoop),
                            new Path(config.run()).getName())
                        .toString(),
                    config.data().uri(),
                    hadoop));
    return new FitListeners(tensorboard, MlflowLog.of(config, existing, hadoop));
  }

  RoundListeners listeners() {
    RoundListeners none = RoundListeners.NONE;
    RoundListeners shown =
        tensorboard.map(log -> none.and(RoundListeners.observing(log))).orElse(none);
    return mlflow.map(log -> shown.and(RoundListeners.observing(log))).orElse(shown);
  }

  @Override
  public void close() {
    tensorboard.ifPresent(FitListeners::close);
    mlflow.ifPresent(FitListeners::close);
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
