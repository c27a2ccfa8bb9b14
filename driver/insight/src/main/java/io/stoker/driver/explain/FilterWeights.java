// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.explain;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
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
  private static final LayerVisitor<Boolean> HAS_FILTERS =
      new LayerVisitor<>() {
        @Override
        public Boolean visitConvolution(LayerSpec.Convolution layer) {
          return true;
        }

        @Override
        public Boolean visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
          return false;
        }

        @Override
        public Boolean visitChannelPadding(LayerSpec.ChannelPadding layer) {
          return false;
        }

        @Override
        public Boolean visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
          return false;
        }

        @Override
        public Boolean visitPooling(LayerSpec.Pooling layer) {
          return false;
        }

        @Override
        public Boolean visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
          return false;
        }

        @Override
        public Boolean visitBatchNormalization(LayerSpec.BatchNormalization layer) {
          return false;
        }

        @Override
        public Boolean visitActivation(LayerSpec.Activation layer) {
          return false;
        }

        @Override
        public Boolean visitDropout(LayerSpec.Dropout layer) {
          return false;
        }

        @Override
        public Boolean visitLstm(LayerSpec.Lstm layer) {
          return false;
        }

        @Override
        public Boolean visitDense(LayerSpec.Dense layer) {
          return false;
        }

        @Override
        public Boolean visitSequence(LayerSpec.Sequence layer) {
          return false;
        }

        @Override
        public Boolean visitResidual(LayerSpec.Residual layer) {
          return false;
        }

        @Override
        public Boolean visitBranches(LayerSpec.Branches layer) {
          return false;
        }
      };

  /** The filters of a model's first layer; empty if that layer is not a convolution. */
  public static Optional<FilterWeights> of(ModelSpec model) {
    ModelSpec.Placed first = model.leaves().get(0);
    if (!first.layer().accept(HAS_FILTERS)) {
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
  public Filters filters(float[] weights) {
    return new Filters(count, channels, kernel, weights);
  }
}
