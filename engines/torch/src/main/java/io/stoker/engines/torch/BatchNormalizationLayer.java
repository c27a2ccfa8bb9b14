// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@link LayerSpec.BatchNormalization}. The running deviation is stored as a logarithm; what is
 * computed with it is computed in fp64.
 */
final class BatchNormalizationLayer implements TorchLayer {
  private static final double MOMENTUM = 0;

  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final LayerSpec.BatchNormalization layer;
  private final Tensor[] parameters = new Tensor[4];
  private Tensor[] gradients;

  private Tensor input;
  private Tensor mean;
  private Tensor inverseDeviation;

  BatchNormalizationLayer(
      FlatVectors vectors, ModelSpec.Placed placed, LayerSpec.BatchNormalization layer) {
    this.vectors = vectors;
    this.placed = placed;
    this.layer = layer;
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] = vectors.parameters(placed, i);
    }
  }

  @Override
  public Tensor forward(Tensor image, Pass pass) {
    input = image;
    TensorOptional none = new TensorOptional();
    T_TensorTensorTensor_T normalized =
        torch.native_batch_norm(
            input,
            new TensorOptional(parameters[0]),
            new TensorOptional(parameters[1]),
            pass.training() ? none : new TensorOptional(parameters[2]),
            pass.training() ? none : new TensorOptional(runningVariance()),
            pass.training(),
            MOMENTUM,
            layer.epsilon());
    mean = normalized.get1();
    inverseDeviation = normalized.get2();
    return Place.channelsLast(normalized.get0());
  }

  private Tensor runningVariance() {
    return exactRunningVariance().to(parameters[3].scalar_type());
  }

  /** In fp64. */
  private Tensor exactRunningVariance() {
    Tensor exponent = parameters[3].to(ScalarType.Double).mul(new Scalar(2.0));
    return torch.pow(new Scalar(10.0), exponent);
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    TensorOptional none = new TensorOptional();
    BoolPointer wanted = new BoolPointer(3);
    wanted.put(0, inputNeeded).put(1, pass.training()).put(2, pass.training());
    T_TensorTensorTensor_T gradient =
        torch.native_batch_norm_backward(
            outputGradient,
            input,
            new TensorOptional(parameters[0]),
            pass.training() ? none : new TensorOptional(parameters[2]),
            pass.training() ? none : new TensorOptional(runningVariance()),
            new TensorOptional(mean),
            new TensorOptional(inverseDeviation),
            pass.training(),
            layer.epsilon(),
            wanted);
    if (pass.training()) {
      putGradients(gradient.get1(), gradient.get2());
    }
    return inputNeeded ? Place.channelsLast(gradient.get0()) : outputGradient;
  }

  private void putGradients(Tensor scale, Tensor shift) {
    if (gradients == null) {
      gradients = new Tensor[parameters.length];
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = vectors.gradients(placed, i);
      }
    }
    gradients[0].copy_(scale);
    gradients[1].copy_(shift);
    Scalar moved = new Scalar(1 - layer.decay());
    gradients[2].copy_(parameters[2].sub(mean).mul_(moved));
    Tensor batchVariance =
        inverseDeviation
            .to(ScalarType.Double)
            .pow(new Scalar(-2.0))
            .sub_(new Scalar((double) layer.epsilon()))
            .clamp_min_(new Scalar(0.0));
    Tensor variance =
        exactRunningVariance()
            .mul_(new Scalar((double) layer.decay()))
            .add_(batchVariance, new Scalar((double) (1 - layer.decay())));
    Tensor deviation = variance.log10_().mul_(new Scalar(0.5));
    gradients[3].copy_(parameters[3].to(ScalarType.Double).sub(deviation));
  }

  @Override
  public boolean learns() {
    return true;
  }
}
