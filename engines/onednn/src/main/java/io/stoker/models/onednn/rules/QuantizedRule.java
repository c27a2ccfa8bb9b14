// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.Optional;

/**
 * Computes some layers in int8 in inference, and the others by another rule.
 *
 * @param others the rule of the other layers
 * @param quantization the layers in int8
 */
public record QuantizedRule(KernelRule others, Quantization quantization) implements KernelRule {
  @Override
  public Kernel kernel(ModelSpec.Placed layer) {
    return others.kernel(layer);
  }

  @Override
  public Kernel inInference(ModelSpec.Placed layer) {
    return quantization.range(layer).isPresent() ? Kernel.INT8 : others.inInference(layer);
  }

  @Override
  public Optional<Quantization.Range> range(ModelSpec.Placed layer) {
    return quantization.range(layer).or(() -> quantization.rangeOfBlock(layer));
  }

  @Override
  public boolean roundsInTraining() {
    return others.roundsInTraining();
  }

  @Override
  public boolean roundsBlocksInTraining() {
    return others.roundsBlocksInTraining();
  }
}
