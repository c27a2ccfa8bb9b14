// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import static io.stoker.models.spec.ActivationFunction.LEAK;
import static io.stoker.models.spec.ActivationFunction.TANH_AMPLITUDE;
import static io.stoker.models.spec.ActivationFunction.TANH_SLOPE;

import io.stoker.failure.InputException;
import io.stoker.models.spec.ActivationFunction;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link io.stoker.models.spec.LayerSpec.Activation}. The backward pass computes the gradient from
 * the output, so the forward pass may overwrite the input. Of functions that fall and rise, the
 * output does not say which input it came from; they read the input instead, and leave it as it is.
 */
final class ActivationLayer implements TorchLayer {
  private static final String GELU_FORM = "tanh";

  private final ActivationFunction function;
  private final boolean overwrite;

  /** The input, for the functions that read it in the backward pass. */
  private Tensor read;

  /** The output, or for the scaled hyperbolic tangent the output before its amplitude. */
  private Tensor activated;

  /**
   * @param overwrite whether the output may overwrite the input: true unless the layer before reads
   *     it in its backward pass
   */
  ActivationLayer(ActivationFunction function, boolean overwrite) {
    this.function = function;
    this.overwrite = overwrite;
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    read = input;
    activated =
        switch (function) {
          case THRESHOLD -> input.gt(new Scalar(0f)).to(input.scalar_type());
          case SIGMOID -> overwrite ? input.sigmoid_() : input.sigmoid();
          case TANH -> overwrite ? input.tanh_() : input.tanh();
          case RELU -> overwrite ? input.relu_() : input.relu();
          case LEAKY_RELU ->
              overwrite
                  ? torch.leaky_relu_(input, new Scalar(LEAK))
                  : torch.leaky_relu(input, new Scalar(LEAK));
          case GELU -> torch.gelu(input, GELU_FORM);
          case SILU -> torch.silu(input);
          case SCALED_TANH -> {
            Scalar slope = new Scalar(TANH_SLOPE);
            yield (overwrite ? input.mul_(slope) : input.mul(slope)).tanh_();
          }
        };
    return function == ActivationFunction.SCALED_TANH
        ? activated.mul(new Scalar(TANH_AMPLITUDE))
        : activated;
  }

  @Override
  public boolean needsOutput() {
    return function != ActivationFunction.GELU && function != ActivationFunction.SILU;
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    return switch (function) {
      case THRESHOLD ->
          throw new InputException(
              "A model with threshold units cannot be trained: their derivative is 0 (use"
                  + " sigmoid)");
      case SIGMOID -> torch.sigmoid_backward(outputGradient, activated);
      case TANH -> torch.tanh_backward(outputGradient, activated);
      case RELU -> torch.threshold_backward(outputGradient, activated, new Scalar(0f));
      case LEAKY_RELU ->
          torch.leaky_relu_backward(outputGradient, activated, new Scalar(LEAK), true);
      case GELU -> torch.gelu_backward(outputGradient, read, GELU_FORM);
      case SILU -> torch.silu_backward(outputGradient, read);
      case SCALED_TANH ->
          torch
              .tanh_backward(outputGradient, activated)
              .mul_(new Scalar(TANH_AMPLITUDE * TANH_SLOPE));
    };
  }
}
