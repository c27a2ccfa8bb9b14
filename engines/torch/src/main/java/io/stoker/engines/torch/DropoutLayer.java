// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.base.SplitMix64;
import io.stoker.models.spec.LayerSpec;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@link LayerSpec.Dropout}. Whether a unit is dropped is {@link SplitMix64#scramble} of the pass's
 * seed, the layer and the unit's number in row-major order, computed where the network is. Of
 * vectors, these are the bits of the engine on oneDNN; of images too, where that engine keeps them
 * in row-major order.
 */
final class DropoutLayer implements TorchLayer {
  private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
  private static final long SECOND_FACTOR = 0x94D049BB133111EBL;

  private final Place place;
  private final int layerIndex;
  private final float scale;
  private final long threshold;
  private final long features;
  private final int batchCapacity;

  /** {@code GOLDEN_GAMMA} times each unit's number, from 1; null until the first training pass. */
  private Tensor counters;

  private Tensor mask;

  DropoutLayer(
      Place place, int layerIndex, LayerSpec.Dropout layer, long features, int batchCapacity) {
    this.place = place;
    this.layerIndex = layerIndex;
    scale = 1 / (1 - layer.probability());
    threshold = (long) (layer.probability() * (double) (1L << 32));
    this.features = features;
    this.batchCapacity = batchCapacity;
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    if (!pass.training()) {
      return input;
    }
    mask = mask(input, pass.seed());
    return input.mul(mask);
  }

  @Override
  public boolean needsOutput() {
    return true; // In inference, the output is the input, which the layer before may read.
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    return pass.training() ? outputGradient.mul(mask) : outputGradient;
  }

  private Tensor mask(Tensor input, long seed) {
    if (counters == null) {
      Tensor numbers =
          torch.arange(new Scalar(1L), new Scalar(batchCapacity * features + 1), place.longs());
      counters = place.own(numbers.mul_(new Scalar(SplitMix64.GOLDEN_GAMMA)));
    }
    long state = SplitMix64.scramble(seed + SplitMix64.GOLDEN_GAMMA * (layerIndex + 1));
    Tensor hash = counters.narrow(0, 0, input.numel()).add(new Scalar(state));
    hash.bitwise_xor_(shifted(hash, 30)).mul_(new Scalar(FIRST_FACTOR));
    hash.bitwise_xor_(shifted(hash, 27)).mul_(new Scalar(SECOND_FACTOR));
    hash.bitwise_xor_(shifted(hash, 31));
    Tensor kept = shifted(hash, 32).ge(new Scalar(threshold));
    Tensor factors = kept.mul(new Scalar(scale));
    return Place.channelsLast(factors.view(sizes(input)));
  }

  private static long[] sizes(Tensor tensor) {
    long[] sizes = new long[Math.toIntExact(tensor.dim())];
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = tensor.size(i);
    }
    return sizes;
  }

  /** Java's {@code >>>}: libtorch's shift keeps the sign. */
  private static Tensor shifted(Tensor hash, int bits) {
    return hash.bitwise_right_shift(new Scalar((long) bits)).bitwise_and_(new Scalar(-1L >>> bits));
  }
}
