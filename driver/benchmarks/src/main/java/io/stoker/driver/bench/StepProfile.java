// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import java.util.List;

/**
 * The times of a step's parts.
 *
 * @param peakGigaflopsPerSecond the speed of a large convolution on all workers at the same time,
 *     the larger of two measurements, before and after the step's
 * @param shareOfPeak the arithmetic of the whole step, divided by what the machine could do in its
 *     time
 * @param otherMilliseconds the time outside of layers: copying images in, softmax and loss, the
 *     update
 * @param layers the layers, from the first
 */
public record StepProfile(
    double peakGigaflopsPerSecond,
    double shareOfPeak,
    double otherMilliseconds,
    List<LayerRate> layers) {
  public StepProfile {
    layers = List.copyOf(layers);
  }
}
