package io.stoker.data.image;

import java.util.concurrent.Semaphore;

/**
 * Keeps the large images that a process decodes at a time within half of its heap: a task waits
 * until there is room for its image. An image that is larger than that waits to be alone.
 */
final class DecodingRoom {
  /** Java's image, its copy, and one turned upright: 3 or 4 bytes each. */
  private static final long BYTES_PER_PIXEL = 10;

  /** Room is given by so many pixels; images below that need not ask. */
  private static final long UNIT = 1 << 20;

  private static final int UNITS =
      (int) Math.max(1, Runtime.getRuntime().maxMemory() / 2 / BYTES_PER_PIXEL / UNIT);

  private static final Semaphore ROOM = new Semaphore(UNITS, true);

  private DecodingRoom() {}

  /** What happens to an image while there is room for it. */
  interface Decoding {
    Pixels decode() throws UnreadableImageException;
  }

  /**
   * Decodes an image when there is room.
   *
   * @param pixels of the image
   * @throws UnreadableImageException as the decoding does
   */
  static Pixels decode(long pixels, Decoding decoding) throws UnreadableImageException {
    int units = (int) Math.min(UNITS, pixels / UNIT);
    if (units == 0) {
      return decoding.decode();
    }
    ROOM.acquireUninterruptibly(units);
    try {
      return decoding.decode();
    } finally {
      ROOM.release(units);
    }
  }
}
