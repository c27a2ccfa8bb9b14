// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.base.Division;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;

/**
 * Chooses the kernel that is the fastest for a layer, as measured on an AMD EPYC with avx512_bf16
 * and one thread, forward and backward together; {@code docs/benchmarks/kernels.md} has the
 * measurements. A change of a threshold changes the bits of jobs.
 *
 * @param set the processor's instruction set
 * @param arithmetic what the kernels may be
 * @param batch the largest number of examples of one call. The number in a call has no influence:
 *     the examples of an epoch's last, smaller batch are computed as all others are
 */
public record ShapeRule(InstructionSet set, Arithmetic arithmetic, int batch)
    implements KernelRule {
  /** Output pixels that Winograd computes at the same time, along each side of a square. */
  private static final int TILE = 4;

  private static final int WINOGRAD_KERNEL = 3;

  /** With fewer, the transformation of the weights takes longer than what it saves. */
  private static final int LEAST_TILES = 32;

  /**
   * The least share of the tiles' pixels that are in the image: 13x13 in 16 tiles has 0.66, and is
   * faster; 6x6 in 4 tiles has 0.56, and is not.
   */
  private static final double LEAST_COVERAGE = 0.65;

  private static final int LEAST_CHANNELS = 16;
  private static final int LEAST_OF_MORE_CHANNELS = 32;

  /** From here on, it is worth to rearrange a convolution for Winograd. */
  private static final int MANY_TILES = 128;

  private static final int MANY_CHANNELS = 48;
  private static final double FULL_COVERAGE = 0.9;

  /** With fewer, oneDNN computes a convolution's gradient by the weights with its slowest code. */
  private static final int BF16_CHANNELS = 3;

  private static final int BF16_FILTERS = 16;

  /** Of a convolution in groups, channels and filters of a group are multiples of a register. */
  private static final int BF16_GROUP = 16;

  /** With fewer examples in training, rounding the weights takes longer than what it saves. */
  private static final int BF16_EXAMPLES = 16;

  private static final long BF16_WEIGHTS = 1 << 14;

  /** With fewer, a dense layer takes up to three times as long for single images. */
  private static final int BF16_UNITS = 32;

  @Override
  public Kernel kernel(ModelSpec.Placed layer) {
    if (layer.layer() instanceof LayerSpec.Convolution convolution) {
      if (isFasterRearranged(layer, convolution)) {
        return arithmetic.precision() == Precision.BF16
            ? Kernel.REARRANGED_BF16
            : Kernel.REARRANGED;
      }
      boolean winograd = isFasterByWinograd(convolution, layer.input(), layer.output());
      if (isFasterInBf16(convolution, layer.input())
          && (allows(ConvolutionAlgorithm.BFLOAT16)
              || !(winograd && isManyTiles(layer.input(), layer.output())))) {
        return Kernel.BF16;
      }
      return winograd ? Kernel.WINOGRAD : Kernel.DIRECT;
    }
    if (layer.layer() instanceof LayerSpec.Dense dense) {
      return isFasterInBf16(dense, layer.input()) ? Kernel.BF16 : Kernel.DIRECT;
    }
    return Kernel.DIRECT;
  }

  /** In inference, the weights of a dense layer are rounded once for all calls. */
  @Override
  public Kernel inInference(ModelSpec.Placed layer) {
    return layer.layer() instanceof LayerSpec.Dense dense
            && dense.units() >= BF16_UNITS
            && isWorthRounding(dense, layer.input())
        ? Kernel.BF16
        : KernelRule.super.inInference(layer);
  }

  @Override
  public boolean roundsInTraining() {
    return arithmetic.precision() == Precision.BF16
        && set.hasBfloat16()
        && allows(ConvolutionAlgorithm.ROUNDED);
  }

  @Override
  public boolean roundsBlocksInTraining() {
    return roundsInTraining() && allows(ConvolutionAlgorithm.BLOCKS);
  }

  /** Whether {@link ConvolutionAlgorithm#BFLOAT16} computes some layer of a model otherwise. */
  public boolean needsBfloat16(ModelSpec model) {
    ShapeRule without =
        new ShapeRule(
            set, new Arithmetic(arithmetic.precision(), ConvolutionAlgorithm.BLOCKS), batch);
    return allows(ConvolutionAlgorithm.BFLOAT16)
        && model.leaves().stream().anyMatch(layer -> kernel(layer) != without.kernel(layer));
  }

  private boolean allows(ConvolutionAlgorithm algorithm) {
    return arithmetic.convolution() == ConvolutionAlgorithm.AUTO
        || arithmetic.convolution().compareTo(algorithm) >= 0;
  }

  private boolean isFasterByWinograd(LayerSpec.Convolution layer, Shape input, Shape output) {
    return arithmetic.convolution() != ConvolutionAlgorithm.DIRECT
        && set.hasWinograd()
        && layer.groups() == 1
        && isTileable(layer.window())
        && Math.min(input.channels(), output.channels()) >= LEAST_CHANNELS
        && Math.max(input.channels(), output.channels()) >= LEAST_OF_MORE_CHANNELS
        && tiles(output) >= LEAST_TILES
        && coverage(output) >= LEAST_COVERAGE;
  }

  /**
   * In bf16 the convolution as it is takes less time, but for one of a stride on AMX: there the
   * gradient by the weights of three channels takes three times as long as that of 48.
   */
  private boolean isFasterRearranged(ModelSpec.Placed placed, LayerSpec.Convolution layer) {
    Rearrangement other = Rearrangement.of(placed, layer);
    return allows(ConvolutionAlgorithm.REARRANGED)
        && (arithmetic.precision() == Precision.FP32
            ? set.hasWinograd()
            : set == InstructionSet.AMX && layer.window().stride() > 1)
        && other.isPossible()
        && Math.min(other.otherChannels(), other.filters()) >= MANY_CHANNELS
        && tiles(placed.output()) >= MANY_TILES
        && coverage(placed.output()) >= LEAST_COVERAGE
        && (layer.window().stride() > 1 || other.channels() >= MANY_CHANNELS);
  }

  /** With uneven padding, oneDNN 2.5.2 computes a wrong gradient by the input. */
  private static boolean isTileable(Window window) {
    return window.kernel() == WINOGRAD_KERNEL
        && window.stride() == 1
        && window.dilation() == 1
        && window.padding().isEven()
        && window.padding().largest() <= 1;
  }

  /** Before {@link ConvolutionAlgorithm#BFLOAT16}, these were in fp32 by Winograd with bf16 too. */
  private boolean isManyTiles(Shape input, Shape output) {
    return set != InstructionSet.AMX
        && Math.min(input.channels(), output.channels()) >= MANY_CHANNELS
        && tiles(output) >= MANY_TILES
        && coverage(output) >= FULL_COVERAGE;
  }

  private long tiles(Shape output) {
    return batch * tilesOfOne(output);
  }

  private static long tilesOfOne(Shape output) {
    return (long) Division.ceiling(output.height(), TILE) * Division.ceiling(output.width(), TILE);
  }

  private static double coverage(Shape output) {
    return (double) output.height() * output.width() / (tilesOfOne(output) * TILE * TILE);
  }

  private boolean isFasterInBf16(LayerSpec.Convolution layer, Shape input) {
    int channels = input.channels() / layer.groups();
    int filters = layer.filters() / layer.groups();
    boolean fits =
        layer.groups() == 1
            ? channels >= BF16_CHANNELS && filters >= BF16_FILTERS
            : channels % BF16_GROUP == 0 && filters % BF16_GROUP == 0;
    return arithmetic.precision() == Precision.BF16 && fits;
  }

  private boolean isFasterInBf16(LayerSpec.Dense layer, Shape input) {
    return batch >= BF16_EXAMPLES && isWorthRounding(layer, input);
  }

  private boolean isWorthRounding(LayerSpec.Dense layer, Shape input) {
    return arithmetic.precision() == Precision.BF16
        && (long) layer.units() * input.features() >= BF16_WEIGHTS;
  }
}
