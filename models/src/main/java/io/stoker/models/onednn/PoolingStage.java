package io.stoker.models.onednn;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Window;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_pooling_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/** {@link LayerSpec.Pooling}; the maximum's places are kept between the passes. */
final class PoolingStage implements Stage {
  private final Workspace workspace;
  private final Tensor input;
  private final int algorithm;
  private final long[] kernel;
  private final long[] strides;
  private final long[] paddingBefore;
  private final long[] paddingBehind;
  private final Operation operation;
  private final Tensor output;
  private final Map<Integer, Tensor> places = new HashMap<>();
  private final Primitive forward;
  private Primitive backward;

  PoolingStage(
      Workspace workspace, ModelSpec.Placed placed, LayerSpec.Pooling layer, Tensor input) {
    this.workspace = workspace;
    this.input = input;
    algorithm =
        layer.kind() == LayerSpec.Pooling.Kind.MAXIMUM
            ? dnnl.dnnl_pooling_max
            : dnnl.dnnl_pooling_avg_include_padding;
    Window window = layer.window();
    kernel = new long[] {window.kernel(), window.kernel()};
    strides = new long[] {window.stride(), window.stride()};
    paddingBefore = new long[] {window.padding().top(), window.padding().left()};
    paddingBehind = new long[] {window.padding().bottom(), window.padding().right()};
    Layout anyOutput =
        Layout.any(
            input.layout().dimensions()[0],
            placed.output().channels(),
            placed.output().height(),
            placed.output().width());
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_forward_desc_init(
            description,
            dnnl.dnnl_forward_training,
            algorithm,
            input.layout().descriptor(),
            anyOutput.descriptor(),
            strides,
            kernel,
            paddingBefore,
            paddingBehind),
        "describe pooling");
    operation = workspace.operation(description);
    output = workspace.tensor(operation.destination());
    if (algorithm == dnnl.dnnl_pooling_max) {
      places.put(DNNL_ARG_WORKSPACE, workspace.tensor(operation.workspace()));
    }
    Map<Integer, Tensor> tensors = new HashMap<>(places);
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
    dnnl_pooling_desc_t description = new dnnl_pooling_desc_t();
    OneDnn.check(
        dnnl.dnnl_pooling_backward_desc_init(
            description,
            algorithm,
            input.layout().descriptor(),
            outputGradient.layout().descriptor(),
            strides,
            kernel,
            paddingBefore,
            paddingBehind),
        "describe pooling's gradient");
    Tensor inputGradient = workspace.tensor(input.layout());
    Map<Integer, Tensor> tensors = new HashMap<>(places);
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
