// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.rules;

import io.stoker.base.Division;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.nio.FloatBuffer;

/**
 * A convolution as one of 3x3 with stride 1, without padding and without groups, over other
 * channels; Winograd's algorithm takes no others. Each group has a convolution of its own.
 *
 * <p>A row of the kernel is {@code stride * (3 * part + tap) + phase}: of the parts of a kernel,
 * and of the phases of a stride, each becomes a channel of its own, with the image moved to its
 * place. So a 5x5 kernel reads 4 times as many channels, and the first layer of AlexNet, of 11x11
 * with stride 4, 16 times as many channels of an image that is a fourth as high and wide. A tap
 * beyond the kernel has the weight 0.
 *
 * @param groups the number of groups
 * @param channels the channels of one group
 * @param filters the filters of one group
 * @param window kernel, stride and padding
 * @param input the shape of the layer's input
 * @param output the shape of its output
 */
public record Rearrangement(
    int groups, int channels, int filters, Window window, Shape input, Shape output) {
  /** The kernel of Winograd's algorithm. */
  public static final int TAPS = 3;

  /** The stride of which the phases, along both sides, are as many as the channels of a block. */
  static final int BLOCK_STRIDE = 4;

  public static Rearrangement of(ModelSpec.Placed placed, LayerSpec.Convolution layer) {
    return new Rearrangement(
        layer.groups(),
        placed.input().channels() / layer.groups(),
        layer.filters() / layer.groups(),
        layer.window(),
        placed.input(),
        placed.output());
  }

  /**
   * Whether a convolution can be computed in this way: with stride 1 one of 3x3 in groups, or of
   * 5x5 with a padding of 2; with stride 4 and few channels, one of 9x9 to 12x12.
   */
  public boolean isPossible() {
    if (window.dilation() != 1 || !window.padding().isEven() || filters % Layout.BLOCK != 0) {
      return false;
    }
    int padding = window.padding().largest();
    return switch (window.stride()) {
      case 1 ->
          channels % Layout.BLOCK == 0
              && (window.kernel() == TAPS ? groups > 1 && padding <= 1 : isOfFourParts(padding));
      case BLOCK_STRIDE -> groups == 1 && parts() == 1 && window.kernel() > 2 * BLOCK_STRIDE;
      default -> false;
    };
  }

  private boolean isOfFourParts(int padding) {
    return window.kernel() == 2 * TAPS - 1 && padding == TAPS - 1;
  }

  /** The parts of the kernel along each side. */
  public int parts() {
    return Division.ceiling(window.kernel(), TAPS * window.stride());
  }

  /** The phases of the stride, along both sides. */
  private int phases() {
    return window.stride() * window.stride();
  }

  /** The channels of the other convolution. */
  public int otherChannels() {
    return parts() * parts() * channels * phases();
  }

  /** The rows that it reads. */
  public int rows() {
    return output.height() + TAPS - 1;
  }

  /** The columns that it reads. */
  public int columns() {
    return output.width() + TAPS - 1;
  }

  /** Copies a weight of this convolution to the other one, or back. */
  @FunctionalInterface
  public interface WeightCopy {
    /**
     * Copies a weight.
     *
     * @param weights {@code [filters, channels, kernel, kernel]}
     * @param index its index, or -1 for a tap beyond the kernel
     * @param other {@code [filters, other channels, 3, 3]}
     * @param otherIndex its index there
     */
    void copy(FloatBuffer weights, int index, FloatBuffer other, int otherIndex);
  }

  /** Copies a weight to the other convolution. */
  public static void arrange(FloatBuffer weights, int index, FloatBuffer other, int otherIndex) {
    other.put(otherIndex, index < 0 ? 0 : weights.get(index));
  }

  /** Copies a gradient by a weight back; that of a tap beyond the kernel is left. */
  public static void restore(FloatBuffer gradients, int index, FloatBuffer other, int otherIndex) {
    if (index >= 0) {
      gradients.put(index, other.get(otherIndex));
    }
  }

  /**
   * Copies all weights of a group.
   *
   * @param indices {@link #indices}
   * @param weights those of all groups
   * @param offset the index of the group's first one
   * @param other the other convolution's weights
   */
  public void forEachWeight(
      int[] indices, FloatBuffer weights, int offset, FloatBuffer other, WeightCopy copy) {
    int ofOnePart = phases() * TAPS * TAPS;
    int size = window.kernel() * window.kernel();
    int next = 0;
    for (int filter = 0; filter < filters; filter++) {
      for (int part = 0; part < indices.length; part += ofOnePart) {
        for (int channel = 0; channel < channels; channel++) {
          int first = offset + (filter * channels + channel) * size;
          for (int i = part; i < part + ofOnePart; i++) {
            copy.copy(weights, indices[i] < 0 ? -1 : first + indices[i], other, next++);
          }
        }
      }
    }
  }

  /**
   * For each weight of the other kernel, its index in this kernel, or -1 beyond it: {@code [parts,
   * phases, taps]}.
   */
  public int[] indices() {
    int kernel = window.kernel();
    int stride = window.stride();
    int[] indices = new int[parts() * parts() * phases() * TAPS * TAPS];
    int next = 0;
    for (int part = 0; part < parts() * parts(); part++) {
      for (int phase = 0; phase < phases(); phase++) {
        for (int tap = 0; tap < TAPS * TAPS; tap++) {
          int row = (part / parts() * TAPS + tap / TAPS) * stride + phase / stride;
          int column = (part % parts() * TAPS + tap % TAPS) * stride + phase % stride;
          indices[next++] = row < kernel && column < kernel ? row * kernel + column : -1;
        }
      }
    }
    return indices;
  }
}
