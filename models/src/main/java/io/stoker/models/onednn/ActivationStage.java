package io.stoker.models.onednn;

import static io.stoker.models.spec.ActivationFunction.LEAK;
import static io.stoker.models.spec.ActivationFunction.TANH_AMPLITUDE;
import static io.stoker.models.spec.ActivationFunction.TANH_SLOPE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.stoker.failure.InputException;
import io.stoker.models.spec.ActivationFunction;
import java.nio.FloatBuffer;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link io.stoker.models.spec.LayerSpec.Activation}. The gradient is derived from the output, so
 * the input may be overwritten.
 */
final class ActivationStage extends SteppedStage {
  private final Workspace workspace;
  private final ActivationFunction function;
  private final Tensor activated;
  private final Tensor output;

  /**
   * @param inPlace whether the output may overwrite the input: true unless the stage before needs
   *     it in its backward pass
   */
  ActivationStage(Workspace workspace, ActivationFunction function, Tensor input, boolean inPlace) {
    this.workspace = workspace;
    this.function = function;
    activated = inPlace ? input : workspace.tensor(input.layout());
    switch (function) {
      case THRESHOLD -> forward.add(() -> threshold(input.buffer(), activated.buffer()));
      case SIGMOID -> add(dnnl.dnnl_eltwise_logistic_use_dst_for_bwd, 0, 0, input, activated);
      case TANH -> add(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0, input, activated);
      case RELU -> add(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, 0, input, activated);
      case LEAKY_RELU -> add(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, LEAK, 0, input, activated);
      case SCALED_TANH -> {
        add(dnnl.dnnl_eltwise_linear, TANH_SLOPE, 0, input, activated);
        add(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, 0, activated, activated);
      }
    }
    if (function == ActivationFunction.SCALED_TANH) {
      output = workspace.tensor(input.layout());
      add(dnnl.dnnl_eltwise_linear, TANH_AMPLITUDE, 0, activated, output);
    } else {
      output = activated;
    }
  }

  private void add(int algorithm, float alpha, float beta, Tensor from, Tensor to) {
    forward.add(elementwise(algorithm, alpha, beta, from, to)::run);
  }

  private Primitive elementwise(int algorithm, float alpha, float beta, Tensor from, Tensor to) {
    return workspace.compile(
        elementwise(algorithm, alpha, beta, from.layout()),
        Map.of(DNNL_ARG_SRC, from, DNNL_ARG_DST, to));
  }

  private Operation elementwise(int algorithm, float alpha, float beta, Layout layout) {
    dnnl_eltwise_desc_t description = new dnnl_eltwise_desc_t();
    OneDnn.check(
        dnnl.dnnl_eltwise_forward_desc_init(
            description, dnnl.dnnl_forward_training, algorithm, layout.descriptor(), alpha, beta),
        "describe an activation");
    return workspace.operation(description);
  }

  private static void threshold(FloatBuffer from, FloatBuffer to) {
    for (int i = 0; i < from.capacity(); i++) {
      to.put(i, from.get(i) > 0 ? 1 : 0);
    }
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public boolean needsOutput() {
    return true;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    switch (function) {
      case THRESHOLD ->
          throw new InputException(
              "A model with threshold units cannot be trained: their derivative is 0 (use"
                  + " sigmoid)");
      case SIGMOID -> derive(dnnl.dnnl_eltwise_logistic_use_dst_for_bwd, 0, outputGradient);
      case TANH -> derive(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, outputGradient);
      case RELU -> derive(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, outputGradient);
      case LEAKY_RELU -> derive(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, LEAK, outputGradient);
      case SCALED_TANH -> {
        derive(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, outputGradient);
        backward.add(
            elementwise(
                    dnnl.dnnl_eltwise_linear,
                    TANH_AMPLITUDE * TANH_SLOPE,
                    0,
                    outputGradient,
                    outputGradient)
                ::run);
      }
    }
    return outputGradient;
  }

  /** Turns the gradient by the output, in its place, into that by the input. */
  private void derive(int algorithm, float alpha, Tensor gradient) {
    dnnl_eltwise_desc_t description = new dnnl_eltwise_desc_t();
    OneDnn.check(
        dnnl.dnnl_eltwise_backward_desc_init(
            description,
            algorithm,
            gradient.layout().descriptor(),
            activated.layout().descriptor(),
            alpha,
            0),
        "describe an activation's gradient");
    Operation operation =
        workspace.operation(description, elementwise(algorithm, alpha, 0, activated.layout()));
    backward.add(
        workspace.compile(
                operation,
                Map.of(
                    DNNL_ARG_DST,
                    activated,
                    DNNL_ARG_DIFF_DST,
                    gradient,
                    DNNL_ARG_DIFF_SRC,
                    gradient))
            ::run);
  }
}
