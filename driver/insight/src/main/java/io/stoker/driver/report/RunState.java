// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import java.util.Locale;

/** The state of a run. */
public enum RunState {
  /** It has rounds to do, and a driver holds its lock and shows signs of life. */
  RUNNING,
  /** All its rounds are done, or its patience with validations is over. */
  FINISHED,
  /** It has rounds to do, and no driver trains it: it was stopped, killed, or has diverged. */
  INTERRUPTED,
  /** A file in its folder cannot be read. */
  DAMAGED;

  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
