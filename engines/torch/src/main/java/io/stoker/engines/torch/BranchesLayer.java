// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link io.stoker.models.spec.CompositeSpec.Branches}: outputs side by side along the channels.
 */
final class BranchesLayer implements TorchLayer {
  private final List<LayerChain> branches;
  private final Tensor[] outputs;

  /** No branch may overwrite the input, which all read. */
  BranchesLayer(List<LayerChain> branches) {
    this.branches = List.copyOf(branches);
    outputs = new Tensor[branches.size()];
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    TensorVector parts = new TensorVector();
    for (int i = 0; i < outputs.length; i++) {
      outputs[i] = branches.get(i).forward(input, pass);
      parts.push_back(asImage(outputs[i]));
    }
    return NetworkMemory.channelsLast(torch.cat(parts, 1));
  }

  /** Vectors are images of a single pixel. */
  static Tensor asImage(Tensor tensor) {
    return tensor.dim() == 4 ? tensor : tensor.view(tensor.size(0), tensor.size(1), 1, 1);
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    Tensor whole = asImage(outputGradient);
    Tensor byInput = outputGradient;
    long channel = 0;
    for (int i = 0; i < outputs.length; i++) {
      LayerChain branch = branches.get(i);
      long channels = outputs[i].size(1);
      if (inputNeeded || branch.learns()) {
        Tensor part = whole.narrow(1, channel, channels).reshape(outputs[i].sizes());
        Tensor byBranch = branch.backward(NetworkMemory.channelsLast(part), pass, inputNeeded);
        byInput = i == 0 || !inputNeeded ? byBranch : byInput.add(byBranch);
      }
      channel += channels;
    }
    return byInput;
  }

  @Override
  public boolean learns() {
    return branches.stream().anyMatch(TorchLayer::learns);
  }
}
