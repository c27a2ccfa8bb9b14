// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.spec.ModelSpec;
import org.bytedeco.dnnl.global.dnnl;

/** What a model is compiled for. */
public enum Purpose {
  /** Passes forward and backward; each layer's output stays for the backward pass. */
  TRAINING(dnnl.dnnl_forward_training),

  /**
   * Passes forward in inference mode only. A layer's output is gone once the next layer has read
   * it, and what depends on parameters only is computed once for all passes.
   */
  INFERENCE(dnnl.dnnl_forward_inference);

  private final int forwardKind;

  Purpose(int forwardKind) {
    this.forwardKind = forwardKind;
  }

  /** The kernel that a layer has for this purpose. */
  public Kernel kernel(KernelRule rule, ModelSpec.Placed layer) {
    return this == INFERENCE ? rule.inInference(layer) : rule.kernel(layer);
  }

  /** oneDNN's number of the kind of forward pass. */
  public int forwardKind() {
    return forwardKind;
  }
}
