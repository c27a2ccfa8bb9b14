// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.config;

import io.stoker.failure.Check;
import io.stoker.worker.eval.TestViews;

/**
 * How a job is validated on data that it does not train on.
 *
 * @param every rounds between two validations, each of a checkpoint; 0 for none, -1 for one at the
 *     end of each epoch
 * @param split the split that is validated on
 * @param patience after how many validations without a better one training ends early; 0 for never
 * @param metric by which validations are compared
 * @param views what the network is shown of each image
 * @param calibrate whether a temperature is fitted on the split when training is over
 */
public record ValidationConfig(
    int every,
    String split,
    int patience,
    SelectionMetric metric,
    TestViews views,
    boolean calibrate) {
  /** One validation at the end of each epoch. */
  public static final int EPOCH = -1;

  public ValidationConfig {
    Check.input(
        patience == 0 || every != 0,
        "Invalid patience: %d without validation (say --validate-every ROUNDS)",
        patience);
    Check.input(
        metric == SelectionMetric.AUTO || every != 0,
        "Invalid metric: %s without validation (say --validate-every ROUNDS)",
        metric);
    Check.input(
        views == TestViews.NONE || every != 0 || calibrate,
        "Invalid test-time views: %s without validation (say --validate-every ROUNDS)",
        views);
  }

  /** Whether the job validates at all. */
  public boolean isOn() {
    return every != 0;
  }

  /**
   * Whether the checkpoint after some rounds is validated.
   *
   * @param rounds rounds that are done
   * @param isEpochOver whether the last of them is the last one of its epoch
   */
  public boolean isDue(long rounds, boolean isEpochOver) {
    return rounds > 0 && (every == EPOCH ? isEpochOver : isOn() && rounds % every == 0);
  }
}
