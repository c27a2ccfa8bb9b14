// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import io.stoker.failure.Check;
import java.util.List;

/**
 * What the line of a round says of single workers.
 *
 * @param absent the workers without which the round has ended, in their order; see {@code --quorum}
 * @param steps how many local steps each worker was to take; empty without {@code --work-by-speed}
 * @param speeds how many examples a second each worker has trained on in its steps, 0 if that is
 *     not known; empty without {@code --work-by-speed}
 */
public record RoundWorkers(List<Integer> absent, List<Integer> steps, List<Double> speeds) {
  /** All workers took part, with equal numbers of steps. */
  public static final RoundWorkers ALL = new RoundWorkers(List.of(), List.of(), List.of());

  public RoundWorkers {
    absent = List.copyOf(absent);
    steps = List.copyOf(steps);
    speeds = List.copyOf(speeds);
    Check.undamaged(
        steps.stream().allMatch(each -> each >= 1)
            && speeds.stream().allMatch(each -> each >= 0 && Double.isFinite(each)),
        "Invalid round: its workers took %s steps at %s examples a second",
        steps,
        speeds);
  }

  /** Some workers were absent, and the others took equal numbers of steps. */
  public static RoundWorkers without(List<Integer> absent) {
    return new RoundWorkers(absent, List.of(), List.of());
  }
}
