// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

/** What to do with a run folder that already holds a run. */
public enum ExistingRun {
  /** End with an error: nothing is overwritten. */
  REFUSE,
  /** Go on from its newest valid checkpoint. */
  RESUME
}
