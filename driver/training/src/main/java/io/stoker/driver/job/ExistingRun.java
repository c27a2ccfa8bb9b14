// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

/** What a job does with its run folder. */
public enum ExistingRun {
  /** Begins a run there; ends with an error if there is one already, so nothing is overwritten. */
  REFUSE,
  /** Goes on from the newest valid checkpoint there. */
  RESUME,
  /** Leaves it alone: the job writes and reads no run. */
  NONE
}
