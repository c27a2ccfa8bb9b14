// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;

/**
 * Decides which layers write their output in bfloat16: those from which it gets to a convolution or
 * a dense layer that would round it, through layers that compute with rounded values as well.
 *
 * <p>In inference, these are the layers after which the result is the same: the largest of rounded
 * values is the rounded largest one. In training, local response normalization is among them, and
 * gradients by rounded values are rounded.
 *
 * @param rule chooses how layers are computed
 * @param purpose what they are compiled for
 */
public record Rounding(KernelRule rule, Purpose purpose) {
  /** Whether a model rounds between its layers in training. */
  public static boolean isInTraining(KernelRule rule, ModelSpec model) {
    return new Rounding(rule, Purpose.TRAINING).isIn(model.placed());
  }

  private boolean isIn(List<ModelSpec.Placed> placed) {
    for (int i = 0; i < placed.size(); i++) {
      int next = i + (isRectifier(placed, i + 1) ? 2 : 1);
      if (isAfter(placed, i, next) || isIn(placed.get(i).inner())) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a layer rounds its output.
   *
   * @param placed layers one after the other
   * @param layer the layer's index
   * @param next the index of the first layer after it that it does not compute along
   */
  public boolean isAfter(List<ModelSpec.Placed> placed, int layer, int next) {
    boolean may =
        switch (purpose) {
          case INFERENCE -> rounds(placed.get(layer));
          case TRAINING -> rule.roundsInTraining() && multiplies(placed.get(layer));
        };
    return may && isBeforeRounding(placed, next);
  }

  /**
   * The range of the layer in int8 that reads the output of another one, as it is or through layers
   * that compute with integers as well.
   *
   * @param placed layers one after the other
   * @param next the index of the first layer after that one that it does not compute along
   */
  public Optional<Quantization.Range> rangeAfter(List<ModelSpec.Placed> placed, int next) {
    return placed.stream().skip(next).dropWhile(this::passesOn).findFirst().flatMap(rule::range);
  }

  /** Whether the next layer that does more than to pass rounded values on rounds its input. */
  private boolean isBeforeRounding(List<ModelSpec.Placed> placed, int from) {
    return placed.stream()
        .skip(from)
        .dropWhile(this::passesOn)
        .findFirst()
        .filter(this::rounds)
        .isPresent();
  }

  private boolean passesOn(ModelSpec.Placed placed) {
    return switch (purpose) {
      case INFERENCE -> isMaximum(placed) || placed.layer() instanceof LayerSpec.Dropout;
      case TRAINING ->
          isMaximum(placed) || placed.layer() instanceof LayerSpec.LocalResponseNormalization;
    };
  }

  /** Whether a layer rounds its input. */
  private boolean rounds(ModelSpec.Placed placed) {
    return (placed.layer() instanceof LayerSpec.Convolution
            || placed.layer() instanceof LayerSpec.Dense)
        && kernel(placed) == Kernel.BF16;
  }

  /** Whether a layer is a convolution of rounded values. */
  private boolean multiplies(ModelSpec.Placed placed) {
    return placed.layer() instanceof LayerSpec.Convolution
        && kernel(placed).factorType() == dnnl.dnnl_bf16;
  }

  private Kernel kernel(ModelSpec.Placed placed) {
    return purpose.kernel(rule.kernel(placed));
  }

  public static boolean isRectifier(List<ModelSpec.Placed> placed, int i) {
    return i < placed.size()
        && placed.get(i).layer() instanceof LayerSpec.Activation activation
        && activation.function() == ActivationFunction.RELU;
  }

  /** Whether a layer takes maxima, so that it can compute the gradient of a rectifier before it. */
  public static boolean isMaximum(ModelSpec.Placed placed) {
    return placed.layer() instanceof LayerSpec.Pooling pooling
        && pooling.kind() == LayerSpec.Pooling.Kind.MAXIMUM;
  }
}
