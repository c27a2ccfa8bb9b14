// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.spec.LayerSpec;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_lrn_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.LocalResponseNormalization}. oneDNN divides alpha by the size, and the paper
 * does not; so it is multiplied here.
 *
 * <p>AMX takes images with the channels of a pixel side by side, for which oneDNN 2.5.2 computes
 * the layer up to eight times as slowly as for blocks of channels. So the input is copied to
 * blocks, except for jobs that began without {@link
 * io.stoker.models.engine.ConvolutionAlgorithm#ROUNDED}, which keep their bits.
 */
final class CompiledResponseNormalization extends WindowLayer {
  private final Workspace workspace;
  private final LayerSpec.LocalResponseNormalization layer;
  private final Reorder arranged;

  CompiledResponseNormalization(
      Workspace workspace, LayerSpec.LocalResponseNormalization layer, Tensor input) {
    this(workspace, layer, arrange(workspace, input));
  }

  private CompiledResponseNormalization(
      Workspace workspace, LayerSpec.LocalResponseNormalization layer, Reorder arranged) {
    super(
        workspace,
        workspace.operation(describe(workspace.purpose(), layer, arranged.to().layout())),
        arranged.to());
    this.workspace = workspace;
    this.layer = layer;
    this.arranged = arranged;
    forward.add(0, arranged::run);
  }

  private static Reorder arrange(Workspace workspace, Tensor input) {
    boolean blocks =
        workspace.normalizesInBlocks() && input.layout().dimensions()[1] % Layout.BLOCK == 0;
    return blocks
        ? workspace.convertTransiently(input, input.layout().inBlocks())
        : new Reorder(input, input, Optional.empty());
  }

  /** A copy is read in its place. */
  @Override
  public boolean needsInput() {
    return arranged.reorder().isEmpty();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    Tensor gradient = super.prepareBackward(outputGradient, inputGradientNeeded);
    Reorder back = workspace.convertTransiently(gradient, arranged.from().layout());
    backward.add(back::run);
    return back.to();
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
