// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Warns once: for a job, or for all jobs of a study. */
final class MlflowWarning {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowLog.class);

  private final AtomicBoolean given = new AtomicBoolean();

  boolean isGiven() {
    return given.get();
  }

  void give(String line) {
    if (given.compareAndSet(false, true)) {
      LOG.warn(line);
    }
  }
}
