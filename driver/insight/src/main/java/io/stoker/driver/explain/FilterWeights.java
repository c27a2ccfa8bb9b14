// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ParameterSpec;
import java.util.List;
import java.util.Optional;

/**
 * Where the filters of a model's first layer lie in its parameters: {@code [count, channels,
 * kernel, kernel]}.
 *
 * @param offset of the first value in the canonical parameter vector
 * @param count the number of filters
 * @param channels the channels of each
 * @param kernel the height and width of each
 */
public record FilterWeights(long offset, int count, int channels, int kernel) {
  /** The filters of a model's first layer; empty if that layer is not a convolution. */
  public static Optional<FilterWeights> of(ModelSpec model) {
    ModelSpec.Placed first = model.leaves().get(0);
    if (!(first.layer() instanceof LayerSpec.Convolution)) {
      return Optional.empty();
    }
    long offset = first.parameterOffset();
    for (ParameterSpec tensor : first.parameters()) {
      if (tensor.role() == ParameterSpec.Role.WEIGHT) {
        List<Integer> sizes = tensor.dimensions();
        return Optional.of(new FilterWeights(offset, sizes.get(0), sizes.get(1), sizes.get(2)));
      }
      offset += tensor.size();
    }
    throw new IllegalStateException("A convolution without weights");
  }

  /** The number of values. */
  public int size() {
    return count * channels * kernel * kernel;
  }

  /** The filters with their values, which they keep. */
  public ImageFilters filters(float[] weights) {
    return new ImageFilters(count, channels, kernel, weights);
  }
}
