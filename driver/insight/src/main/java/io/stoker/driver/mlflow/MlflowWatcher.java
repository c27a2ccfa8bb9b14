// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.RunWatcher;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.round.WatchedRun;
import io.stoker.driver.round.WatchedStudy;

/** Logs runs and studies to an MLflow tracking server. */
public final class MlflowWatcher implements RunWatcher {
  @Override
  public String option() {
    return "mlflow";
  }

  @Override
  public RunWatch watch(WatchedRun run) {
    return MlflowLog.of(run.config(), run.existing(), run.hadoop()).orElseThrow();
  }

  @Override
  public StudyWatch watch(WatchedStudy study) {
    return MlflowStudy.start(study);
  }
}
