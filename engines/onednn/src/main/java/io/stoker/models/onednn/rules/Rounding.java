// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.util.ArrayList;
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
 * <p>Sums of residual blocks are rounded where the next block begins with a convolution that would
 * round them: always in inference, and with {@link ConvolutionAlgorithm#BLOCKS} in training, where
 * batch normalization computes with rounded values then.
 *
 * @param rule chooses how layers are computed
 * @param purpose what they are compiled for
 * @param blocks whether rounded values enter and leave blocks of layers
 */
public record Rounding(KernelRule rule, Purpose purpose, boolean blocks) {
  public Rounding(KernelRule rule, Purpose purpose) {
    this(rule, purpose, purpose == Purpose.INFERENCE || rule.roundsBlocksInTraining());
  }

  /**
   * How a model rounds between its layers in training: {@link ConvolutionAlgorithm#BLOCKS} or
   * {@link ConvolutionAlgorithm#ROUNDED}; empty if it does not.
   */
  public static Optional<ConvolutionAlgorithm> inTraining(KernelRule rule, ModelSpec model) {
    int all = new Rounding(rule, Purpose.TRAINING).layers(model.placed(), false).size();
    int outside = new Rounding(rule, Purpose.TRAINING, false).layers(model.placed(), false).size();
    return all == 0
        ? Optional.empty()
        : Optional.of(all > outside ? ConvolutionAlgorithm.BLOCKS : ConvolutionAlgorithm.ROUNDED);
  }

  /** The layers that round their output, also those inside of others. */
  List<ModelSpec.Placed> layers(List<ModelSpec.Placed> placed, boolean outer) {
    List<ModelSpec.Placed> layers = new ArrayList<>();
    for (int i = 0; i < placed.size(); i++) {
      ModelSpec.Placed layer = placed.get(i);
      if (isAfter(placed, i, i + (isRectifier(placed, i + 1) ? 2 : 1), outer)) {
        layers.add(layer);
      }
      boolean reader = isReaderRounding(placed, i + 1, outer);
      if (layer.layer() instanceof CompositeSpec.Sequence) {
        layers.addAll(layers(layer.inner(), reader));
      } else {
        boolean sum =
            layer.layer() instanceof CompositeSpec.Residual && isSumRounded(layer, reader);
        layer.inner().forEach(part -> layers.addAll(layers(part.inner(), sum)));
      }
    }
    return layers;
  }

  /**
   * Whether a layer rounds its output.
   *
   * @param placed layers one after the other
   * @param layer the layer's index
   * @param next the index of the first layer after it that it does not compute along
   * @param outer whether what reads the output of the last layer rounds it
   */
  public boolean isAfter(List<ModelSpec.Placed> placed, int layer, int next, boolean outer) {
    boolean may =
        switch (purpose) {
          case INFERENCE -> rounds(placed.get(layer));
          case TRAINING -> rule.roundsInTraining() && multiplies(placed.get(layer));
        };
    return may && isBeforeRounding(placed, next, outer);
  }

  /**
   * Whether the output of a block of layers is rounded by the layers that read it.
   *
   * @param placed layers one after the other
   * @param next the index of the first layer after the block
   * @param outer whether what reads the output of the last layer rounds it
   */
  public boolean isReaderRounding(List<ModelSpec.Placed> placed, int next, boolean outer) {
    return blocks && isBeforeRounding(placed, next, outer);
  }

  /**
   * Whether the sum of a residual block is rounded.
   *
   * @param reader whether what reads the block's output rounds it
   */
  public boolean isSumRounded(ModelSpec.Placed residual, boolean reader) {
    return isReaderRounding(residual.inner().get(2).inner(), 0, reader);
  }

  /**
   * The range in which the integers of another layer are read, as they are or through layers that
   * compute with integers as well: that of the layer in int8 or the residual block after it.
   *
   * @param placed layers one after the other
   * @param next the index of the first layer after that one that it does not compute along
   * @param outer of what reads the output of the last layer
   */
  public Optional<Quantization.Range> rangeAfter(
      List<ModelSpec.Placed> placed, int next, Optional<Quantization.Range> outer) {
    for (int i = next; i < placed.size(); i++) {
      ModelSpec.Placed layer = placed.get(i);
      if (layer.layer() instanceof CompositeSpec.Sequence) {
        return rangeAfter(layer.inner(), 0, rangeAfter(placed, i + 1, outer));
      }
      if (!isMaximum(layer) && !(layer.layer() instanceof LayerSpec.Dropout)) {
        return rule.range(layer);
      }
    }
    return outer;
  }

  /** Whether the next layer that does more than to pass rounded values on rounds its input. */
  private boolean isBeforeRounding(List<ModelSpec.Placed> placed, int from, boolean outer) {
    for (int i = from; i < placed.size(); i++) {
      ModelSpec.Placed next = placed.get(i);
      if (blocks && next.layer() instanceof CompositeSpec.Sequence) {
        return isBeforeRounding(next.inner(), 0, isBeforeRounding(placed, i + 1, outer));
      }
      if (blocks && next.layer() instanceof CompositeSpec.Residual) {
        return isBeforeRounding(next.inner().get(0).inner(), 0, false)
            && isBeforeRounding(next.inner().get(1).inner(), 0, true);
      }
      if (!passesOn(next)) {
        return rounds(next);
      }
    }
    return outer;
  }

  private boolean passesOn(ModelSpec.Placed placed) {
    return switch (purpose) {
      case INFERENCE -> keepsRounded(placed) || placed.layer() instanceof LayerSpec.Dropout;
      case TRAINING ->
          isMaximum(placed)
              || placed.layer() instanceof LayerSpec.LocalResponseNormalization
              || (blocks
                  && (keepsRounded(placed)
                      || placed.layer() instanceof LayerSpec.BatchNormalization));
    };
  }

  /** Whether the outputs for rounded inputs are rounded values as they are. */
  private static boolean keepsRounded(ModelSpec.Placed placed) {
    return isMaximum(placed)
        || isRectifier(List.of(placed), 0)
        || placed.layer() instanceof LayerSpec.ChannelPadding
        || (placed.layer() instanceof LayerSpec.Pooling pooling && pooling.window().kernel() == 1);
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
    return purpose.kernel(rule, placed);
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
