// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static io.stoker.models.spec.ActivationFunction.LEAK;
import static io.stoker.models.spec.ActivationFunction.TANH_AMPLITUDE;
import static io.stoker.models.spec.ActivationFunction.TANH_SLOPE;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;

import io.stoker.failure.InputException;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.spec.ActivationFunction;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_eltwise_desc_t;
import org.bytedeco.dnnl.global.dnnl;

/**
 * {@link io.stoker.models.spec.LayerSpec.Activation}. The backward pass computes the gradient from
 * the output, so the forward pass may overwrite the input. Of functions that fall and rise, the
 * output does not say which input it came from; they read the input instead, and leave it as it is.
 */
final class CompiledActivation extends SequencedLayer {
  private final Workspace workspace;
  private final ActivationFunction function;
  private final Tensor input;
  private final Tensor activated;
  private final Tensor output;

  /**
   * @param overwrite whether the output may overwrite the input: true unless the layer before reads
   *     it in its backward pass
   */
  CompiledActivation(
      Workspace workspace, ActivationFunction function, Tensor input, boolean overwrite) {
    this.workspace = workspace;
    this.function = function;
    this.input = input;
    boolean keepsInput = readsInput() && workspace.purpose() == Purpose.TRAINING;
    activated = overwrite && !keepsInput ? input : workspace.transientTensor(input.layout());
    output =
        function == ActivationFunction.SCALED_TANH
            ? workspace.transientTensor(input.layout())
            : activated;
    forward.addAll(
        switch (function) {
          case THRESHOLD -> List.<Runnable>of(() -> threshold(input.buffer(), activated.buffer()));
          case SIGMOID ->
              List.of(step(dnnl.dnnl_eltwise_logistic_use_dst_for_bwd, 0, input, output));
          case TANH -> List.of(step(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, input, output));
          case RELU -> List.of(step(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, input, output));
          case LEAKY_RELU ->
              List.of(step(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, LEAK, input, output));
          case GELU -> List.of(step(dnnl.dnnl_eltwise_gelu_tanh, 0, input, output));
          case SILU -> List.of(step(dnnl.dnnl_eltwise_swish, 1, input, output));
          case SCALED_TANH ->
              List.of(
                  step(dnnl.dnnl_eltwise_linear, TANH_SLOPE, input, activated),
                  step(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, activated, activated),
                  step(dnnl.dnnl_eltwise_linear, TANH_AMPLITUDE, activated, output));
        });
  }

  /** A rectifier that the layer before has already applied to its output. */
  private CompiledActivation(Workspace workspace, Tensor rectified) {
    this.workspace = workspace;
    function = ActivationFunction.RELU;
    input = rectified;
    activated = rectified;
    output = rectified;
  }

  /** The backward pass of a rectifier that the layer before computes along with its output. */
  static CompiledActivation rectified(Workspace workspace, Tensor rectified) {
    return new CompiledActivation(workspace, rectified);
  }

  /** The step that turns the gradient by a rectifier's output into that by its input. */
  static Runnable rectifierGradient(Workspace workspace, Tensor rectified, Tensor gradient) {
    return rectified(workspace, rectified)
        .derivative(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, gradient);
  }

  /** The step that multiplies all values by a factor. */
  static Runnable linear(Workspace workspace, float factor, Tensor from, Tensor to) {
    return elementwise(workspace, dnnl.dnnl_eltwise_linear, factor, from, to)::run;
  }

  private boolean readsInput() {
    return function == ActivationFunction.GELU || function == ActivationFunction.SILU;
  }

  private Runnable step(int algorithm, float alpha, Tensor from, Tensor to) {
    return elementwise(workspace, algorithm, alpha, from, to)::run;
  }

  private static Primitive elementwise(
      Workspace workspace, int algorithm, float alpha, Tensor from, Tensor to) {
    return workspace.compile(
        elementwise(workspace, algorithm, alpha, from.layout()),
        Map.of(DNNL_ARG_SRC, from, DNNL_ARG_DST, to));
  }

  private static PrimitiveDescriptor elementwise(
      Workspace workspace, int algorithm, float alpha, Layout layout) {
    dnnl_eltwise_desc_t description = new dnnl_eltwise_desc_t();
    OneDnn.check(
        dnnl.dnnl_eltwise_forward_desc_init(
            description, dnnl.dnnl_forward_training, algorithm, layout.descriptor(), alpha, 0),
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
    return !readsInput();
  }

  @Override
  public boolean overwritesOutputGradient() {
    return true;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    backward.addAll(
        switch (function) {
          case THRESHOLD ->
              throw new InputException(
                  "A model with threshold units cannot be trained: their derivative is 0 (use"
                      + " sigmoid)");
          case SIGMOID ->
              List.of(derivative(dnnl.dnnl_eltwise_logistic_use_dst_for_bwd, 0, outputGradient));
          case TANH ->
              List.of(derivative(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, outputGradient));
          case RELU ->
              List.of(derivative(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, 0, outputGradient));
          case LEAKY_RELU ->
              List.of(derivative(dnnl.dnnl_eltwise_relu_use_dst_for_bwd, LEAK, outputGradient));
          case GELU -> List.of(derivative(dnnl.dnnl_eltwise_gelu_tanh, 0, outputGradient));
          case SILU -> List.of(derivative(dnnl.dnnl_eltwise_swish, 1, outputGradient));
          case SCALED_TANH ->
              List.of(
                  derivative(dnnl.dnnl_eltwise_tanh_use_dst_for_bwd, 0, outputGradient),
                  step(
                      dnnl.dnnl_eltwise_linear,
                      TANH_AMPLITUDE * TANH_SLOPE,
                      outputGradient,
                      outputGradient));
        });
    return outputGradient;
  }

  /** Computes the gradient by the input, which overwrites the gradient by the output. */
  private Runnable derivative(int algorithm, float alpha, Tensor gradient) {
    Tensor read = readsInput() ? input : activated;
    dnnl_eltwise_desc_t description = new dnnl_eltwise_desc_t();
    OneDnn.check(
        dnnl.dnnl_eltwise_backward_desc_init(
            description,
            algorithm,
            gradient.layout().descriptor(),
            read.layout().descriptor(),
            alpha,
            0),
        "describe an activation's gradient");
    PrimitiveDescriptor operation =
        workspace.operation(description, elementwise(workspace, algorithm, alpha, read.layout()));
    return workspace.compile(
            operation,
            Map.of(
                readsInput() ? DNNL_ARG_SRC : DNNL_ARG_DST,
                read,
                DNNL_ARG_DIFF_DST,
                gradient,
                DNNL_ARG_DIFF_SRC,
                gradient))
        ::run;
  }
}
