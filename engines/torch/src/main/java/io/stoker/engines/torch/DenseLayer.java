// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** {@link LayerSpec.Dense}. The gradient of the weights is computed in the flat vector itself. */
final class DenseLayer implements TorchLayer {
  private final Products products;
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final Tensor weights;
  private final Tensor bias;
  private Tensor weightsGradient;
  private Tensor biasGradient;

  private Tensor input;
  private Tensor flat;

  DenseLayer(NetworkMemory memory, FlatVectors vectors, ModelSpec.Placed placed) {
    products = memory.settings().products();
    this.vectors = vectors;
    this.placed = placed;
    weights = vectors.parameters(placed, 0);
    bias = vectors.parameters(placed, 1);
  }

  @Override
  public Tensor forward(Tensor image, Pass pass) {
    input = image;
    flat = products.rounded(image.contiguous().view(image.size(0), placed.input().features()));
    if (products != Products.BF16) {
      return torch.addmm(bias, flat, weights.t());
    }
    return products.widened(flat.mm(products.rounded(weights).t())).add_(bias);
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    Tensor factor = products.rounded(outputGradient);
    if (pass.training()) {
      if (weightsGradient == null) {
        weightsGradient = vectors.gradients(placed, 0);
        biasGradient = vectors.gradients(placed, 1);
      }
      if (products == Products.BF16) {
        weightsGradient.copy_(factor.t().mm(flat));
      } else {
        torch.mm_out(weightsGradient, factor.t(), flat);
      }
      torch.sum_out(biasGradient, outputGradient, 0);
    }
    return inputNeeded
        ? NetworkMemory.channelsLast(
            products.widened(factor.mm(products.rounded(weights))).view(sizes()))
        : outputGradient;
  }

  private long[] sizes() {
    return input.dim() == 4
        ? new long[] {input.size(0), input.size(1), input.size(2), input.size(3)}
        : new long[] {input.size(0), input.size(1)};
  }

  @Override
  public boolean learns() {
    return true;
  }
}
