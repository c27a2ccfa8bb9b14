package io.stoker.driver.bench;

import java.util.List;

/**
 * Where the time of a step goes.
 *
 * @param peakGigaflopsPerSecond the fastest that a large convolution was, before and after, on all
 *     workers at once
 * @param shareOfPeak the whole step's arithmetic, of what the machine could have done in its time
 * @param otherMilliseconds what is no layer: copying images in, softmax and loss, the update
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
