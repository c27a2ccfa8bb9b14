// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Normalises bytes where a network computes, by looking each one up: what comes out are the bits
 * that the processor would have sent.
 */
final class PixelTable {
  private static final int PIXELS = 256;

  private final NetworkMemory memory;
  private final int channels;

  /** The values of the first channel's pixels, then those of the next one's. */
  private final Tensor table;

  /** Where each channel's values begin. */
  private final Tensor beginnings;

  private float[][] values = {};

  PixelTable(NetworkMemory memory, int channels) {
    this.memory = memory;
    this.channels = channels;
    table = memory.zeros((long) channels * PIXELS);
    beginnings =
        memory.own(
            torch
                .arange(
                    new Scalar(0L),
                    new Scalar((long) channels * PIXELS),
                    new Scalar((long) PIXELS),
                    memory.longs())
                .to(ScalarType.Int));
  }

  /** Takes the values of a batch, which are mostly those of the batch before. */
  void set(float[][] next) {
    if (!Arrays.deepEquals(next, values)) {
      FloatBuffer all = FloatBuffer.allocate(channels * PIXELS);
      for (float[] each : next) {
        all.put(each);
      }
      memory.upload(all.flip(), table);
      values = next;
    }
  }

  /**
   * Normalises images.
   *
   * @param pixels uint8 {@code [examples, height, width, channels]}
   * @return {@code [examples, channels, height, width]}, the channels of a pixel next to each other
   */
  Tensor normalized(Tensor pixels) {
    long examples = pixels.size(0);
    long height = pixels.size(1);
    long width = pixels.size(2);
    Tensor places = channels == 1 ? pixels.to(ScalarType.Int) : pixels.add(beginnings);
    Tensor found = torch.index_select(table, 0, places.view(-1));
    // A single channel has the strides that normalised images have, so that products are the same.
    return channels == 1
        ? found.view(examples, 1, height, width)
        : found.view(examples, height, width, channels).permute(0, 3, 1, 2);
  }
}
