// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.config.TrainingConfig;

/** Makes a job of options as {@code train} takes them in a recipe. */
@FunctionalInterface
public interface TrialOptions {
  /**
   * The job.
   *
   * @param source what to call the options in an error
   * @param options as in a recipe
   * @throws io.stoker.failure.InputException if they make no job
   */
  TrainingConfig job(String source, ObjectNode options);
}
