// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Computes what the update subtracts from the running statistics of a network's batch
 * normalizations, of all of them together at the end of a backward pass: a layer at a time, a GPU
 * would be asked for some twenty tiny operations for each layer.
 */
final class RunningStatistics {
  /**
   * One layer's statistics in a step: tensors {@code [channels]}.
   *
   * @param mean of the batch
   * @param inverseDeviation of the batch, with the layer's epsilon in its variance
   * @param runningMean the parameter
   * @param runningDeviation the parameter: a logarithm
   * @param byMean receives the gradient by the mean
   * @param byDeviation receives the gradient by the deviation
   */
  record OfLayer(
      LayerSpec.BatchNormalization layer,
      Tensor mean,
      Tensor inverseDeviation,
      Tensor runningMean,
      Tensor runningDeviation,
      Tensor byMean,
      Tensor byDeviation) {
    Rule rule() {
      return new Rule(layer.epsilon(), layer.decay());
    }
  }

  /** Layers with the same numbers are computed together. */
  private record Rule(float epsilon, float decay) {}

  private final GradientCopies copies;
  private final Map<Rule, List<OfLayer>> pending = new LinkedHashMap<>();

  RunningStatistics(GradientCopies copies) {
    this.copies = copies;
  }

  /** Forgets the layers of a backward pass that has failed. */
  void clear() {
    pending.clear();
  }

  void add(OfLayer layer) {
    pending.computeIfAbsent(layer.rule(), rule -> new ArrayList<>()).add(layer);
  }

  /** Computes the gradients of the layers since the last call, and notes their copies. */
  void put() {
    pending.forEach(this::put);
    pending.clear();
  }

  private void put(Rule rule, List<OfLayer> layers) {
    Tensor byMean =
        all(layers, OfLayer::runningMean)
            .sub_(all(layers, OfLayer::mean))
            .mul_(new Scalar(1 - rule.decay()));
    Tensor batchVariance =
        all(layers, OfLayer::inverseDeviation)
            .to(ScalarType.Double)
            .pow(new Scalar(-2.0))
            .sub_(new Scalar((double) rule.epsilon()))
            .clamp_min_(new Scalar(0.0));
    Tensor runningDeviation = all(layers, OfLayer::runningDeviation).to(ScalarType.Double);
    Tensor variance =
        BatchNormalizationLayer.variance(runningDeviation)
            .mul_(new Scalar((double) rule.decay()))
            .add_(batchVariance, new Scalar((double) (1 - rule.decay())));
    Tensor deviation = variance.log10_().mul_(new Scalar(0.5));
    Tensor byDeviation = runningDeviation.sub_(deviation).to(byMean.scalar_type());
    long channel = 0;
    for (OfLayer layer : layers) {
      long channels = layer.mean().size(0);
      copies.add(layer.byMean(), byMean.narrow(0, channel, channels));
      copies.add(layer.byDeviation(), byDeviation.narrow(0, channel, channels));
      channel += channels;
    }
  }

  private static Tensor all(List<OfLayer> layers, Function<OfLayer, Tensor> part) {
    TensorVector parts = new TensorVector();
    layers.forEach(layer -> parts.push_back(part.apply(layer)));
    return torch.cat(parts, 0);
  }
}
