// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.Locale;

/** A worker of a multi-round stage has waited too long for the other workers. */
final class StrandedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StrandedException(int worker, int round) {
    super(
        String.format(
            Locale.ROOT,
            "Worker %d has waited in vain for the other workers, in round %d of its stage",
            worker,
            round));
  }
}
