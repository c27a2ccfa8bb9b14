// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.slice;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Who averages which slice between two rounds of a stage. Each slice has one owner among the
 * workers, and each worker owns about as many slices as any other: a worker receives the pieces of
 * its slices and sends the averages, which moves twice the model in and out of it, however many
 * workers there are. A model of one slice is averaged by each worker for itself: that moves more
 * bytes, of which there are few, and saves the workers from waiting for each other a second time.
 *
 * @param slices how many slices there are
 * @param workers how many workers there are
 */
public record SliceOwners(int slices, int workers) {
  /** Whether each worker averages all slices for itself. */
  public boolean isEveryWorker() {
    return slices == 1;
  }

  /** The worker that averages a slice, where that is one. */
  public int owner(int slice) {
    return (int) ((long) slice * workers / slices);
  }

  private boolean averages(int worker, int slice) {
    return isEveryWorker() || owner(slice) == worker;
  }

  /** The slices that a worker averages. */
  public List<Integer> averagedBy(int worker) {
    return IntStream.range(0, slices).filter(slice -> averages(worker, slice)).boxed().toList();
  }

  /**
   * The slices that a worker does not average, those after its own first: so workers read from
   * different owners at the same time.
   */
  public List<Integer> averagedByOthers(int worker) {
    return order(worker).stream().filter(slice -> !averages(worker, slice)).toList();
  }

  /** All slices, in the order in which a worker reads them. */
  public List<Integer> order(int worker) {
    int first = (int) ((long) worker * slices / workers);
    return IntStream.range(first, first + slices).mapToObj(i -> i % slices).toList();
  }
}
