// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import org.bytedeco.dnnl.dnnl_lrn_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.LocalResponseNormalization}. oneDNN divides alpha by the size, and the paper
 * does not; so it is multiplied here.
 */
final class CompiledResponseNormalization extends WindowLayer {
  private final LayerSpec.LocalResponseNormalization layer;

  CompiledResponseNormalization(
      Workspace workspace, LayerSpec.LocalResponseNormalization layer, Tensor input) {
    super(workspace, describe(workspace.purpose(), layer, input.layout()), input);
    this.layer = layer;
  }

  private static Pointer describe(
      Purpose purpose, LayerSpec.LocalResponseNormalization layer, Layout source) {
    dnnl_lrn_desc_t description = new dnnl_lrn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lrn_forward_desc_init(
            description,
            purpose.forwardKind(),
            dnnl.dnnl_lrn_across_channels,
            source.descriptor(),
            layer.size(),
            layer.alpha() * layer.size(),
            layer.beta(),
            layer.k()),
        "describe local response normalization");
    return description;
  }

  @Override
  Pointer describeGradient(Layout source, Layout outputGradient) {
    dnnl_lrn_desc_t description = new dnnl_lrn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lrn_backward_desc_init(
            description,
            dnnl.dnnl_lrn_across_channels,
            outputGradient.descriptor(),
            source.descriptor(),
            layer.size(),
            layer.alpha() * layer.size(),
            layer.beta(),
            layer.k()),
        "describe local response normalization's gradient");
    return description;
  }
}
