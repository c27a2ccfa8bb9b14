// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.metrics.Median;
import io.stoker.driver.metrics.RoundMetrics;
import java.util.ArrayList;
import java.util.List;

/** Collects how fast each round was. */
final class MedianSpeed implements RoundListener {
  private final List<Double> imagesPerSecond = new ArrayList<>();

  @Override
  public void roundFinished(RoundMetrics metrics) {
    imagesPerSecond.add(metrics.imagesPerSecond());
  }

  /** Images a second in the median round; 0 before the first. */
  double imagesPerSecond() {
    return imagesPerSecond.isEmpty() ? 0 : Median.of(imagesPerSecond);
  }
}
