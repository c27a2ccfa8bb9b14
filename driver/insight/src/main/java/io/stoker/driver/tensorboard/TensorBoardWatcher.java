// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.tensorboard;

import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.RunWatcher;
import io.stoker.driver.round.WatchedRun;

/** Writes TensorBoard's event files of runs. */
public final class TensorBoardWatcher implements RunWatcher {
  @Override
  public String option() {
    return "tensorboard";
  }

  @Override
  public RunWatch watch(WatchedRun run) {
    return TensorBoardLog.in(
        run.tensorboard().orElseThrow(), run.config().data().uri(), run.hadoop());
  }
}
