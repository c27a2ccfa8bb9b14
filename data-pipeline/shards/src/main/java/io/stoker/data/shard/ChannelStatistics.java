// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.shard;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.stoker.failure.Check;
import java.util.List;

/**
 * Statistics of the pixels of the train split, in pixel units (0 to 255), taken before an image is
 * encoded.
 *
 * @param mean of each channel
 * @param standardDeviation of each channel, over all pixels
 * @param eigenvalues of the covariance of red, green and blue, largest first; empty for grey images
 * @param eigenvectors the unit eigenvectors that belong to them, their largest component positive;
 *     empty for grey images. Both are what the colour noise of Krizhevsky et al., 2012, section
 *     4.1, is made of
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record ChannelStatistics(
    List<Double> mean,
    List<Double> standardDeviation,
    List<Double> eigenvalues,
    List<List<Double>> eigenvectors) {
  public ChannelStatistics {
    mean = List.copyOf(mean);
    standardDeviation = List.copyOf(standardDeviation);
    eigenvalues = List.copyOf(eigenvalues);
    eigenvectors = eigenvectors.stream().map(List::copyOf).toList();
    int channels = mean.size();
    Check.undamaged(
        channels >= 1 && standardDeviation.size() == channels,
        "Invalid statistics: %d means and %d standard deviations",
        channels,
        standardDeviation.size());
    int components = channels == 3 ? 3 : 0;
    Check.undamaged(
        eigenvalues.size() == components
            && eigenvectors.size() == components
            && eigenvectors.stream().allMatch(vector -> vector.size() == components),
        "Invalid statistics: %d eigenvalues and %d eigenvectors for %d channels",
        eigenvalues.size(),
        eigenvectors.size(),
        channels);
    for (double value : mean) {
      Check.undamaged(value >= 0 && value <= 255, "Invalid mean: %s (must be 0 to 255)", value);
    }
    for (double value : standardDeviation) {
      Check.undamaged(
          value >= 0 && value <= 255, "Invalid standard deviation: %s (must be 0 to 255)", value);
    }
  }

  /** How many channels the images have. */
  public int channels() {
    return mean.size();
  }
}
