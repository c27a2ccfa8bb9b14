// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.base.SplitMix64;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Draws the units that the dropout layers of a network keep, of all of them together at the
 * beginning of a pass and where the network is: a layer at a time, a GPU would be asked for some
 * fifteen operations for each. Whether a unit is dropped is {@link SplitMix64#scramble} of the
 * pass's seed, the layer and the unit's number in row-major order. Of vectors, these are the bits
 * of the engine on oneDNN; of images too, where that engine keeps them in row-major order.
 */
final class DropoutMasks {
  private static final long FIRST_FACTOR = 0xBF58476D1CE4E5B9L;
  private static final long SECOND_FACTOR = 0x94D049BB133111EBL;

  /** The units of one layer. */
  final class OfLayer {
    private final int index;
    private final long first;
    private final long size;
    private final Scalar threshold;

    /** Units whose hash is at least {@code probability * 2^64} are kept. */
    OfLayer(int index, long first, long size, float probability) {
      this.index = index;
      this.first = first;
      this.size = size;
      long upperBits = (long) (probability * (double) (1L << 32));
      threshold = memory.own(new Scalar(upperBits << 32 ^ Long.MIN_VALUE));
    }

    private long state(long seed) {
      return SplitMix64.scramble(seed + SplitMix64.GOLDEN_GAMMA * (index + 1));
    }

    /** Which values of a batch are kept, after {@link #draw}: bool, in the tensor's shape. */
    Tensor kept(Tensor input) {
      long examples = input.size(0);
      Tensor units =
          hashes.narrow(0, first, size / batchCapacity * examples).ge(threshold).view(examples, -1);
      return NetworkMemory.channelsLast(
          units.expand(examples, input.numel() / examples).reshape(input.sizes()));
    }
  }

  private final NetworkMemory memory;
  private final int batchCapacity;
  private final List<OfLayer> layers = new ArrayList<>();
  private long size;

  /** {@code GOLDEN_GAMMA} times each unit's number in its layer, from 1; null until drawn. */
  private Tensor counters;

  /** The hash of each unit as an unsigned number, less 2^63: so signed numbers are compared. */
  private Tensor hashes;

  DropoutMasks(NetworkMemory memory, int batchCapacity) {
    this.memory = memory;
    this.batchCapacity = batchCapacity;
  }

  /**
   * Adds a layer.
   *
   * @param index the layer's number in the network
   * @param input the shape of an example
   */
  OfLayer add(int index, LayerSpec.Dropout layer, Shape input) {
    int features =
        switch (layer.unit()) {
          case VALUE -> input.features();
          case EXAMPLE -> 1;
        };
    OfLayer added =
        new OfLayer(
            index, size, Math.multiplyExact((long) features, batchCapacity), layer.probability());
    layers.add(added);
    size += added.size;
    return added;
  }

  /** Draws the units of a pass, which are known until its end. */
  @SuppressWarnings("try") // The scope is opened and closed, and not used in between.
  void draw(long seed) {
    if (layers.isEmpty()) {
      return;
    }
    if (counters == null) {
      counters = memory.own(numbers().mul_(new Scalar(SplitMix64.GOLDEN_GAMMA)));
    }
    hashes = counters.clone();
    try (PointerScope scope = new PointerScope()) {
      for (OfLayer layer : layers) {
        hashes.narrow(0, layer.first, layer.size).add_(new Scalar(layer.state(seed)));
      }
      hashes.bitwise_xor_(shifted(30)).mul_(new Scalar(FIRST_FACTOR));
      hashes.bitwise_xor_(shifted(27)).mul_(new Scalar(SECOND_FACTOR));
      hashes.bitwise_xor_(shifted(31)).bitwise_xor_(new Scalar(Long.MIN_VALUE));
    }
  }

  private Tensor numbers() {
    TensorVector each = new TensorVector();
    for (OfLayer layer : layers) {
      each.push_back(torch.arange(new Scalar(1L), new Scalar(layer.size + 1), memory.longs()));
    }
    return torch.cat(each, 0);
  }

  /** Java's {@code >>>} of the hashes: libtorch's shift keeps the sign. */
  private Tensor shifted(int bits) {
    return hashes
        .bitwise_right_shift(new Scalar((long) bits))
        .bitwise_and_(new Scalar(-1L >>> bits));
  }
}
