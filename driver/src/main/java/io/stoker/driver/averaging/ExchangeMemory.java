// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.ProcessMemory;
import io.stoker.driver.spark.FetchWindow;

/**
 * The heap that stages of several rounds take of an executor. Each worker holds its pieces of the
 * slices that others average, and what it fetches. All workers of the executor share the slices:
 * those before the stage, those of this round and the next, and a second copy of those before the
 * last round.
 *
 * @param slices how the vectors are cut
 * @param workers how many workers the job has
 */
record ExchangeMemory(ParameterSlices slices, int workers) {
  private static final int GENERATIONS = 4;

  /** The share of the heap that is left by Spark's own reserve and by small objects. */
  private static final double USABLE_HEAP = 0.6;

  /**
   * Whether executors have enough heap.
   *
   * @param here how many workers run on one of them
   * @param executor the memory of one of them
   */
  boolean fits(int here, ProcessMemory executor) {
    return bytes(here) <= executor.heap() * USABLE_HEAP;
  }

  /** The bytes on an executor with some workers. */
  long bytes(int here) {
    long sent = slices.pieceBytes() / workers * (workers - 1);
    long received = FetchWindow.WINDOW_BYTES + 2L * slices.bytes(0);
    return GENERATIONS * slices.bytes() + here * (sent + received);
  }
}
