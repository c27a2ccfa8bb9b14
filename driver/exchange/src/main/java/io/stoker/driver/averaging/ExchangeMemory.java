// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.Division;
import io.stoker.driver.cluster.ProcessMemory;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.spark.FetchWindow;
import java.util.Locale;
import java.util.Optional;

/**
 * The heap that stages of several rounds take of an executor. Each worker holds its pieces of the
 * slices that others average, and what it fetches. All workers of the executor share the slices:
 * those before the stage, those of this round and the next, and a second copy of those before the
 * last round.
 *
 * @param slices how the vectors are cut
 * @param workers how many workers the job has
 * @param hasQuorum whether rounds end with a quorum, so that a worker holds its pieces of all
 *     slices
 */
record ExchangeMemory(ParameterSlices slices, int workers, boolean hasQuorum) {
  private static final int GENERATIONS = 4;

  private static final long MEBIBYTE = 1 << 20;

  /**
   * Says that executors have too little heap; empty if they have enough.
   *
   * @param here how many workers run on one of them
   * @param executor the memory of one of them
   */
  Optional<String> obstacle(int here, ProcessMemory executor) {
    return bytes(here) <= executor.usableHeap()
        ? Optional.empty()
        : Optional.of(
            String.format(
                Locale.ROOT,
                "%d on an executor take a heap of %,d MiB, and it has %,d (%s)",
                here,
                Division.ceiling(ProcessMemory.heapFor(bytes(here)), MEBIBYTE),
                executor.heap() / MEBIBYTE,
                executor.heapOption()));
  }

  /** The bytes on an executor with some workers. */
  long bytes(int here) {
    long sent = hasQuorum ? slices.pieceBytes() : slices.pieceBytes() / workers * (workers - 1);
    long received = FetchWindow.WINDOW_BYTES + 2L * slices.bytes(0);
    return GENERATIONS * slices.bytes() + here * (sent + received);
  }
}
