// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockCleaner;
import java.util.ArrayList;
import java.util.List;

/**
 * The slices of a job that are on the executors: the current ones, those before the last stage, and
 * those of snapshots. It owns them, and deletes each as soon as it is none of these.
 */
final class SliceGenerations {
  private final BlockCleaner cleaner;
  private SliceRdd current;

  /** The slices before the last stage; empty before the first one, and where they are not kept. */
  private final List<SliceRdd> previous = new ArrayList<>();

  /** The slices of snapshots, once for each snapshot. */
  private final List<SliceRdd> held = new ArrayList<>();

  SliceGenerations(SliceRdd first, BlockCleaner cleaner) {
    this.current = first;
    this.cleaner = cleaner;
  }

  SliceRdd current() {
    return current;
  }

  /** Deletes the current slices, whose successors are about to be computed from pieces alone. */
  void releaseCurrent() {
    releaseUnlessHeld(current);
  }

  /**
   * Makes slices the current ones.
   *
   * @param keepsCurrent whether those before are kept
   */
  void advance(SliceRdd next, boolean keepsCurrent) {
    if (!held.contains(current)) {
      // Every executor with a worker holds the current slices now, so that their pieces can go.
      cleaner.add(current.dropLineage());
    }
    previous.forEach(this::releaseUnlessHeld);
    previous.clear();
    if (keepsCurrent) {
      previous.add(current);
    }
    current = next;
  }

  /** Takes over the slices of another job that has trained the same rounds, in place of its own. */
  void replaceBy(SliceGenerations same) {
    releaseUnlessHeld(current);
    previous.forEach(this::releaseUnlessHeld);
    current = same.current;
    previous.clear();
    previous.addAll(same.previous);
  }

  /** Keeps the current slices for a snapshot. */
  SliceRdd hold() {
    held.add(current);
    return current;
  }

  /** Ends a snapshot of some slices. */
  void letGo(SliceRdd slices) {
    held.remove(slices);
    if (held.contains(slices) || slices == current) {
      return;
    }
    if (previous.contains(slices)) {
      cleaner.add(slices.dropLineage());
    } else {
      release(slices);
    }
  }

  private void releaseUnlessHeld(SliceRdd slices) {
    if (!held.contains(slices)) {
      release(slices);
    }
  }

  /** Deletes slices on all executors, and the pieces from which they were averaged. */
  void release(SliceRdd slices) {
    Runnable deletePieces = slices.dropLineage();
    cleaner.add(
        () -> {
          slices.unpersist(true);
          deletePieces.run();
        });
  }

  /** Deletes all slices but those of snapshots. */
  void releaseAll() {
    release(current);
    previous.forEach(this::release);
  }
}
