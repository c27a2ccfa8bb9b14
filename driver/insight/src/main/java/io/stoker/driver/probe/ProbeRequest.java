// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.probe;

import io.stoker.data.augment.Distortion;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.failure.Check;
import java.util.List;

/**
 * What to probe, and how.
 *
 * @param evaluation what is evaluated on what
 * @param distortions which distortions
 * @param seed of what is left to chance
 */
public record ProbeRequest(EvaluateRequest evaluation, List<Distortion> distortions, long seed) {
  public ProbeRequest {
    distortions = List.copyOf(distortions);
    Check.input(!distortions.isEmpty(), "Missing distortions: name at least one");
    Check.input(
        distortions.stream().distinct().count() == distortions.size(),
        "Invalid distortions: %s names one twice",
        distortions);
  }
}
