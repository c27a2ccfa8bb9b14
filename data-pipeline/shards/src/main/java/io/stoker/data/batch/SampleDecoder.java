// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.batch;

import io.stoker.data.image.ImageShape;
import io.stoker.data.shard.ShardBlock;

/**
 * Turns encoded samples into what a network sees: decodes, augments and normalises. It belongs to
 * one thread at a time.
 */
final class SampleDecoder {
  private final Rendering rendering;
  private final byte[] decoded;

  /** Makes what a network sees of decoded pixels; of one decoder alone, unless it is immutable. */
  interface Rendering {
    /**
     * Renders one sample.
     *
     * @param drawnBy the identity by which its random numbers are drawn
     * @param pixels interleaved uint8 {@code [height, width, channels]}
     * @param target receives one or more images
     * @param offset where in the target's images or pixels
     */
    void render(long drawnBy, byte[] pixels, ImageBatch target, int offset);
  }

  /**
   * @param image the shape of the data's images
   * @param rendering what is made of the decoded images
   */
  SampleDecoder(ImageShape image, Rendering rendering) {
    this.rendering = rendering;
    this.decoded = new byte[image.bytes()];
  }

  /** Fills the place of one sample in a batch with one row of a block. */
  void decode(ShardBlock block, int row, ImageBatch target, int sample) {
    long sampleId = block.sampleId(row);
    block.decode(row, decoded);
    rendering.render(target.drawnBy(sample, sampleId), decoded, target, target.offset(sample));
    target.describe(sample, block.label(row), sampleId);
    target.weigh(sample, block.weight(row));
  }
}
