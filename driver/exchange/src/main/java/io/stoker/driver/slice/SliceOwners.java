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
 * @param members the workers among which the slices are divided, in their order
 * @param isEveryWorker whether each worker averages all slices for itself
 */
public record SliceOwners(int slices, List<Integer> members, boolean isEveryWorker) {
  public SliceOwners {
    members = List.copyOf(members);
  }

  /** Slices that are divided among all workers. */
  public SliceOwners(int slices, int workers) {
    this(slices, IntStream.range(0, workers).boxed().toList(), slices == 1);
  }

  /** Slices that are divided among some of the workers, also a single slice. */
  public static SliceOwners ofMembers(int slices, List<Integer> members) {
    return new SliceOwners(slices, members, false);
  }

  /** The worker that averages a slice, where that is one. */
  public int owner(int slice) {
    return members.get((int) ((long) slice * members.size() / slices));
  }

  private boolean averages(int worker, int slice) {
    return isEveryWorker || owner(slice) == worker;
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
    int first = (int) ((long) members.indexOf(worker) * slices / members.size());
    return IntStream.range(first, first + slices).mapToObj(i -> i % slices).toList();
  }
}
