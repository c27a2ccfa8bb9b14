// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceSource;
import io.stoker.worker.runtime.RoundWork;
import java.util.List;
import java.util.stream.Stream;

/**
 * The rounds from which slices can be computed again if all copies are lost. A round is a function
 * of the job, so that training it again gives the same bits. The history has a few hundred bytes a
 * round, and stays on the driver.
 *
 * @param source the parameters before the first of these rounds
 * @param before how many rounds were trained before that
 * @param groups the rounds since then, in their order; those that overlap in one group, each other
 *     round in a group of its own
 */
record RoundHistory(SliceSource source, long before, List<List<RoundWork>> groups) {
  RoundHistory {
    groups = List.copyOf(groups);
  }

  static RoundHistory of(SliceSource source) {
    return new RoundHistory(source, 0, List.of());
  }

  /**
   * The history after more rounds.
   *
   * @param overlap whether they overlap
   */
  RoundHistory after(List<RoundWork> next, boolean overlap) {
    Stream<List<RoundWork>> added = overlap ? Stream.of(next) : next.stream().map(List::of);
    return new RoundHistory(source, before, Stream.concat(groups.stream(), added).toList());
  }

  /** How many rounds the history has. */
  long rounds() {
    return groups.stream().mapToLong(List::size).sum();
  }

  /** How many rounds were trained since the job began. */
  long length() {
    return before + rounds();
  }

  /**
   * The history from a later point on.
   *
   * @param written the parameters at that point
   * @param length how many rounds had been trained then, since the job began; a group's end
   */
  RoundHistory since(SliceSource written, long length) {
    int first = 0;
    for (long done = before; done < length; first++) {
      done += groups.get(first).size();
    }
    return new RoundHistory(written, length, groups.subList(first, groups.size()));
  }
}
