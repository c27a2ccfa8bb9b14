package io.stoker.driver.averaging;

import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;

/**
 * How slices came to be, for when they are lost: what rounds do is a function of the job, so that
 * doing them again gives the same bits. It is a few hundred bytes a round, and on the driver only.
 *
 * @param source where the first of these rounds began
 * @param before how many rounds there were before the source
 * @param rounds those since, in their order
 */
record RoundHistory(SliceSource source, long before, List<RoundWork> rounds) {
  RoundHistory {
    rounds = List.copyOf(rounds);
  }

  static RoundHistory of(SliceSource source) {
    return new RoundHistory(source, 0, List.of());
  }

  /** With rounds that came next. */
  RoundHistory after(List<RoundWork> next) {
    List<RoundWork> more = new ArrayList<>(rounds);
    more.addAll(next);
    return new RoundHistory(source, before, more);
  }

  /** How many rounds there were in all. */
  long length() {
    return before + rounds.size();
  }

  /**
   * The same, from a later point on.
   *
   * @param written the slices there
   * @param length how many rounds there were then
   */
  RoundHistory since(SliceSource written, long length) {
    return new RoundHistory(
        written, length, rounds.subList(Math.toIntExact(length - before), rounds.size()));
  }
}
