package io.stoker.models.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import io.stoker.models.spec.LayerSpec;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_lrn_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link LayerSpec.LocalResponseNormalization}. oneDNN divides alpha by the size; the paper does
 * not.
 */
final class NormalizationStage implements Stage {
  private final Workspace workspace;
  private final LayerSpec.LocalResponseNormalization layer;
  private final Tensor input;
  private final Operation operation;
  private final Tensor output;
  private final Map<Integer, Tensor> kept = new HashMap<>();
  private final Primitive forward;
  private Primitive backward;

  NormalizationStage(
      Workspace workspace, LayerSpec.LocalResponseNormalization layer, Tensor input) {
    this.workspace = workspace;
    this.layer = layer;
    this.input = input;
    dnnl_lrn_desc_t description = new dnnl_lrn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lrn_forward_desc_init(
            description,
            dnnl.dnnl_forward_training,
            dnnl.dnnl_lrn_across_channels,
            input.layout().descriptor(),
            layer.size(),
            layer.alpha() * layer.size(),
            layer.beta(),
            layer.k()),
        "describe local response normalization");
    operation = workspace.operation(description);
    output = workspace.tensor(input.layout());
    if (operation.workspace().bytes() > 0) {
      kept.put(DNNL_ARG_WORKSPACE, workspace.tensor(operation.workspace()));
    }
    Map<Integer, Tensor> tensors = new HashMap<>(kept);
    tensors.put(DNNL_ARG_SRC, input);
    tensors.put(DNNL_ARG_DST, output);
    forward = workspace.compile(operation, tensors);
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void forward(Pass pass) {
    forward.run();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    dnnl_lrn_desc_t description = new dnnl_lrn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lrn_backward_desc_init(
            description,
            dnnl.dnnl_lrn_across_channels,
            outputGradient.layout().descriptor(),
            input.layout().descriptor(),
            layer.size(),
            layer.alpha() * layer.size(),
            layer.beta(),
            layer.k()),
        "describe local response normalization's gradient");
    Tensor inputGradient = workspace.tensor(input.layout());
    Map<Integer, Tensor> tensors = new HashMap<>(kept);
    tensors.put(DNNL_ARG_SRC, input);
    tensors.put(DNNL_ARG_DIFF_DST, outputGradient);
    tensors.put(DNNL_ARG_DIFF_SRC, inputGradient);
    backward = workspace.compile(workspace.operation(description, operation), tensors);
    return inputGradient;
  }

  @Override
  public void backward(Pass pass) {
    backward.run();
  }
}
