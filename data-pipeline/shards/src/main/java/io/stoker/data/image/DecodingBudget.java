// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.image;

import java.util.concurrent.Semaphore;

/**
 * Keeps the large images that a process decodes at the same time within half of its heap: a task
 * waits until there is memory for its image. An image that needs more than that half waits until no
 * other large image is being decoded.
 */
final class DecodingBudget {
  /** Java's image (up to 4 channels of 16 bits), its pixels, and the pixels turned upright. */
  private static final long BYTES_PER_PIXEL = 14;

  /** Memory is given out in units of this many pixels; smaller images need not ask. */
  private static final long UNIT = 1 << 20;

  private static final int UNITS =
      (int) Math.max(1, Runtime.getRuntime().maxMemory() / 2 / BYTES_PER_PIXEL / UNIT);

  private static final Semaphore FREE = new Semaphore(UNITS, true);

  private DecodingBudget() {}

  /** What is done with an image while there is memory for it. */
  interface Decoding<T> {
    T decode() throws UnreadableImageException;
  }

  /**
   * Decodes an image when there is memory. If the memory does not suffice after all, it is tried
   * once more while no other large image is decoded.
   *
   * @param pixels of the image
   * @throws UnreadableImageException as the decoding does; and if the heap is too small for a large
   *     image even alone
   */
  static <T> T within(long pixels, Decoding<T> decoding) throws UnreadableImageException {
    int units = (int) Math.min(UNITS, pixels / UNIT);
    try {
      return within(units, decoding);
    } catch (OutOfMemoryError e) {
      return alone(pixels, decoding);
    }
  }

  private static <T> T alone(long pixels, Decoding<T> decoding) throws UnreadableImageException {
    try {
      return within(UNITS, decoding);
    } catch (OutOfMemoryError e) {
      if (pixels < UNIT) { // Something else has filled the heap.
        throw e;
      }
      throw UnreadableImageException.of(
          "too large for the memory of this process: %d pixels in a heap of %d MB (give it more, or"
              + " lower the limit of pixels)",
          pixels, Runtime.getRuntime().maxMemory() >> 20);
    }
  }

  private static <T> T within(int units, Decoding<T> decoding) throws UnreadableImageException {
    FREE.acquireUninterruptibly(units);
    try {
      return decoding.decode();
    } finally {
      FREE.release(units);
    }
  }
}
