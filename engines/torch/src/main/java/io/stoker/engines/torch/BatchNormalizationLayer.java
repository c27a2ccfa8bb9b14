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

  /** Null until the first step. */
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
    return NetworkMemory.channelsLast(normalized.get0());
  }

  private Tensor runningVariance() {
    return variance(parameters[3].to(ScalarType.Double)).to(parameters[3].scalar_type());
  }

  /** The variance of which a deviation is kept as a logarithm; both fp64. */
  static Tensor variance(Tensor logarithm) {
    return torch.pow(new Scalar(10.0), logarithm.mul(new Scalar(2.0)));
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
      noteGradients(gradient.get1(), gradient.get2());
    }
    return inputNeeded ? NetworkMemory.channelsLast(gradient.get0()) : outputGradient;
  }

  private void noteGradients(Tensor byScale, Tensor byShift) {
    if (gradients == null) {
      gradients = new Tensor[parameters.length];
      for (int i = 0; i < gradients.length; i++) {
        gradients[i] = vectors.gradients(placed, i);
      }
    }
    vectors.copies().add(gradients[0], byScale);
    vectors.copies().add(gradients[1], byShift);
    vectors
        .statistics()
        .add(
            new RunningStatistics.OfLayer(
                layer,
                mean,
                inverseDeviation,
                parameters[2],
                parameters[3],
                gradients[2],
                gradients[3]));
  }

  @Override
  public boolean learns() {
    return true;
  }
}
