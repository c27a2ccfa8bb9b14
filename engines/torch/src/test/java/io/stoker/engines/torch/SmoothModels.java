// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.List;

/** Models whose gradients change little where values change little. */
final class SmoothModels {
  private SmoothModels() {}

  /**
   * A model with hyperbolic tangents in place of rectified units, averages in place of the maxima
   * of pooling, and without dropout. Of two pixels within rounding of each other, either may be the
   * maximum and take the whole gradient.
   */
  static ModelSpec of(ModelSpec model) {
    return new ModelSpec(model.name(), model.input(), smooth(model.layers()));
  }

  private static List<LayerSpec> smooth(List<LayerSpec> layers) {
    return layers.stream()
        .filter(layer -> !(layer instanceof LayerSpec.Dropout))
        .map(SmoothModels::smooth)
        .toList();
  }

  private static LayerSpec smooth(LayerSpec layer) {
    if (layer instanceof CompositeSpec.Sequence sequence) {
      return smooth(sequence);
    }
    if (layer instanceof CompositeSpec.Residual block) {
      return new CompositeSpec.Residual(
          block.name(), smooth(block.body()), smooth(block.shortcut()), smooth(block.after()));
    }
    if (layer instanceof CompositeSpec.Branches branches) {
      return new CompositeSpec.Branches(
          branches.name(), branches.branches().stream().map(SmoothModels::smooth).toList());
    }
    if (layer instanceof CompositeSpec.ChannelGate gate) {
      return new CompositeSpec.ChannelGate(gate.name(), smooth(gate.gate()));
    }
    if (layer instanceof LayerSpec.Pooling pooling) {
      return new LayerSpec.Pooling(LayerSpec.Pooling.Kind.AVERAGE, pooling.window());
    }
    return layer.equals(new LayerSpec.Activation(ActivationFunction.RELU))
        ? new LayerSpec.Activation(ActivationFunction.TANH)
        : layer;
  }

  private static CompositeSpec.Sequence smooth(CompositeSpec.Sequence sequence) {
    return new CompositeSpec.Sequence(sequence.name(), smooth(sequence.layers()));
  }
}
