// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.failure.InputException;

/** Training has diverged: its loss is far above that of guessing, or not finite. */
public final class DivergedException extends InputException {
  private static final long serialVersionUID = 1L;

  DivergedException(String message) {
    super(message);
  }
}
