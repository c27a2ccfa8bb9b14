// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;

/**
 * The rounds from which slices can be computed again if all copies are lost. A round is a function
 * of the job, so that training it again gives the same bits. The history has a few hundred bytes a
 * round, and stays on the driver.
 *
 * @param source the parameters before the first of these rounds
 * @param before how many rounds were trained before that
 * @param rounds the rounds since then, in their order
 */
record RoundHistory(SliceSource source, long before, List<RoundWork> rounds) {
  RoundHistory {
    rounds = List.copyOf(rounds);
  }

  static RoundHistory of(SliceSource source) {
    return new RoundHistory(source, 0, List.of());
  }

  /** The history after further rounds. */
  RoundHistory after(List<RoundWork> next) {
    List<RoundWork> more = new ArrayList<>(rounds);
    more.addAll(next);
    return new RoundHistory(source, before, more);
  }

  /** How many rounds were trained since the job began. */
  long length() {
    return before + rounds.size();
  }

  /**
   * The history from a later point on.
   *
   * @param written the parameters at that point
   * @param length how many rounds had been trained then, since the job began
   */
  RoundHistory since(SliceSource written, long length) {
    return new RoundHistory(
        written, length, rounds.subList(Math.toIntExact(length - before), rounds.size()));
  }
}
