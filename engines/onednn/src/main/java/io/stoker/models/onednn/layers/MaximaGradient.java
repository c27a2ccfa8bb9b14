// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Window;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.dnnl.global.dnnl;

/**
 * The gradient of maximum pooling by its input, for images in blocks of eight channels and windows
 * that neither overlap nor reach beyond the image. Each value goes to the place of its maximum, and
 * zeros to all others: oneDNN 2.5.2 adds to all places of a window in turn, which takes three times
 * as long with AVX2. The results are the same.
 */
final class MaximaGradient implements Runnable {
  private static final int BLOCK = 8;

  /** How many values are written at once: they stay in the level-1 cache. */
  private static final int BAND = 2048;

  private final ByteBuffer places;
  private final Tensor outputGradient;
  private final Tensor inputGradient;
  private final int blocks;
  private final int height;
  private final int outputHeight;
  private final int stride;

  /** The values in a row of a block. */
  private final int row;

  private final int outputRow;

  /** The rows of the output in a band. */
  private final int bandRows;

  /** The distance of each place of a window from its first. */
  private final int[] distances;

  private final float[] read;
  private final byte[] readPlaces;
  private final float[] written;

  /**
   * @param places for each value of the output its maximum's place in the window, in a byte each;
   *     not transient
   * @param outputGradient the gradient by the output
   * @param inputGradient where the gradient by the input is written; in blocks of eight channels,
   *     as the others
   */
  MaximaGradient(Window window, Tensor places, Tensor outputGradient, Tensor inputGradient) {
    this.places = places.values().asByteBuffer();
    this.outputGradient = outputGradient;
    this.inputGradient = inputGradient;
    long[] input = inputGradient.layout().dimensions();
    long[] output = outputGradient.layout().dimensions();
    blocks = Math.toIntExact(input[0] * inputGradient.layout().channelsOfFullBlocks() / BLOCK);
    height = Math.toIntExact(input[2]);
    outputHeight = Math.toIntExact(output[2]);
    row = Math.toIntExact(input[3]) * BLOCK;
    outputRow = Math.toIntExact(output[3]) * BLOCK;
    stride = window.stride();
    distances = new int[window.kernel() * window.kernel()];
    Arrays.setAll(distances, i -> i / window.kernel() * row + i % window.kernel() * BLOCK);
    bandRows = Math.max(1, Math.min(outputHeight, BAND / (stride * row)));
    read = new float[bandRows * outputRow];
    readPlaces = new byte[read.length];
    // The last band of an image has the rows after its last window too.
    written = new float[Math.min(height, bandRows * stride + window.kernel()) * row];
  }

  /**
   * Whether the gradient is computed here. Windows of 16x16 and more have places of four bytes, and
   * Java's buffers have up to 2 GiB.
   *
   * @param places of the maxima
   * @param output of the layer
   * @param input of the layer
   */
  static boolean computes(Window window, Layout places, Layout output, Layout input) {
    return window.stride() >= window.kernel()
        && window.padding().equals(Padding.NONE)
        && places.type() == dnnl.dnnl_u8
        && input.type() == dnnl.dnnl_f32
        && input.bytes() <= Integer.MAX_VALUE
        && input.isInBlocksOfEight()
        && output.isInBlocksOfEight();
  }

  @Override
  public void run() {
    FloatBuffer from = outputGradient.buffer();
    FloatBuffer to = inputGradient.buffer();
    for (int block = 0; block < blocks; block++) {
      for (int y = 0; y < outputHeight; y += bandRows) {
        int rows = Math.min(bandRows, outputHeight - y);
        int first = (block * outputHeight + y) * outputRow;
        from.get(first, read, 0, rows * outputRow);
        places.get(first, readPlaces, 0, rows * outputRow);
        boolean last = y + rows == outputHeight;
        int size = (last ? height - y * stride : rows * stride) * row;
        Arrays.fill(written, 0, size, 0);
        for (int i = 0; i < rows; i++) {
          scatter(i);
        }
        to.put((block * height + y * stride) * row, written, 0, size);
      }
    }
  }

  private void scatter(int bandRow) {
    int window = bandRow * stride * row;
    for (int i = bandRow * outputRow; i < (bandRow + 1) * outputRow; i += BLOCK) {
      for (int channel = 0; channel < BLOCK; channel++) {
        // Added, as a negative zero becomes a positive one in oneDNN.
        written[window + distances[readPlaces[i + channel] & 0xFF] + channel] =
            0f + read[i + channel];
      }
      window += stride * BLOCK;
    }
  }
}
