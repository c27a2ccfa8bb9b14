// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.data.source.ImageFiles;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;

/**
 * Keeps the long values that the tasks of a process hold at the same time within three eighths of
 * its heap: a task waits until there is memory for its next value. It waits while it holds nothing,
 * so tasks never wait for each other in a circle.
 */
final class ValueMemory implements AutoCloseable {
  private static final long HEAP = Runtime.getRuntime().maxMemory();
  private static final int UNIT = 1 << 20;

  /** A value is read while the image before it is packed, and its file may be copied there. */
  private static final int COPIES = 3;

  static final long MAXIMUM_BYTES = Math.min(ImageFiles.MAXIMUM_BYTES, HEAP / 8);
  private static final int UNITS = (int) Math.max(1, COPIES * (HEAP / 8) / UNIT);
  private static final Semaphore FREE = new Semaphore(UNITS, true);

  private final Map<Long, Integer> refused = new HashMap<>();
  private int held;

  /** The part of what is held that belongs to the value which was read last. */
  private int last;

  /**
   * Waits until there is memory for a value.
   *
   * @param row its row, in the row group
   * @param length its bytes
   * @return whether it is to be read; a value that is too long is noted as refused
   */
  boolean admits(long row, int length) {
    if (length > MAXIMUM_BYTES) {
      refused.put(row, length);
      return false;
    }
    int own = (int) Math.min(UNITS, (long) COPIES * length / UNIT);
    hold(Math.max(own, last));
    last = own;
    return true;
  }

  private void hold(int units) {
    if (units <= held) {
      FREE.release(held - units);
    } else if (!FREE.tryAcquire(units - held)) {
      FREE.release(held);
      FREE.acquireUninterruptibly(units);
    }
    held = units;
  }

  /** The lengths of the values that were not read, by their rows in the row group. */
  Map<Long, Integer> refused() {
    return refused;
  }

  /** Gives back the memory for values, none of which may be used any more. */
  @Override
  public void close() {
    FREE.release(held);
    held = 0;
  }
}
