// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockCleaner;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The lifetime of slices on the executors. Slices are used as the current ones, as those before the
 * last stage, and by snapshots. This class owns them, and what it keeps of them follows from their
 * uses:
 *
 * <table>
 *   <caption>What is kept of slices</caption>
 *   <tr><th>used as</th><th>slices</th><th>pieces from which they were averaged</th></tr>
 *   <tr><td>snapshot</td><td>kept</td><td>kept</td></tr>
 *   <tr><td>current, until the pieces of the next ones are written where there is one executor
 *   </td><td>kept</td><td>kept</td></tr>
 *   <tr><td>previous: every executor with a worker holds them</td><td>kept</td><td>deleted</td></tr>
 *   <tr><td>nothing</td><td>deleted</td><td>deleted</td></tr>
 * </table>
 *
 * <p>Slices only move down in this table. Lost slices without pieces are gone, unless a checkpoint
 * has become their source ({@link SliceRdd#cutLineage}).
 */
final class SliceGenerations {
  private enum Kept {
    SLICES_AND_PIECES,
    SLICES,
    NOTHING
  }

  private final BlockCleaner cleaner;

  /** All slices of which something is kept. */
  private final Map<SliceRdd, Kept> generations = new LinkedHashMap<>();

  private SliceRdd current;

  /** Whether the current slices are needed until the next ones are there. */
  private boolean needsCurrent = true;

  /** Null before the first stage, and where the slices before a stage are not kept. */
  private SliceRdd previous;

  /** The slices of snapshots, once for each snapshot. */
  private final List<SliceRdd> held = new ArrayList<>();

  SliceGenerations(SliceRdd first, BlockCleaner cleaner) {
    this.current = first;
    this.cleaner = cleaner;
    generations.put(first, Kept.SLICES_AND_PIECES);
  }

  SliceRdd current() {
    return current;
  }

  /** Gives up the current slices, whose successors are about to be computed from pieces alone. */
  void releaseCurrent() {
    needsCurrent = false;
    deleteUnused();
  }

  /**
   * Makes slices the current ones.
   *
   * @param keepsCurrent whether those before are kept
   */
  void advance(SliceRdd next, boolean keepsCurrent) {
    generations.put(next, Kept.SLICES_AND_PIECES);
    setCurrent(next, keepsCurrent ? current : null);
  }

  /** Takes over the slices of another job that has trained the same rounds, in place of its own. */
  void replaceBy(SliceGenerations same) {
    generations.putAll(same.generations);
    setCurrent(same.current, same.previous);
  }

  private void setCurrent(SliceRdd next, SliceRdd before) {
    current = next;
    needsCurrent = true;
    previous = before;
    deleteUnused();
  }

  /** Keeps the current slices for a snapshot. */
  SliceRdd hold() {
    held.add(current);
    return current;
  }

  /** Ends a snapshot of some slices. */
  void release(SliceRdd slices) {
    held.remove(slices);
    deleteUnused();
  }

  /** Deletes slices that have never been current. */
  void discard(SliceRdd slices) {
    delete(slices, Kept.NOTHING);
  }

  /** Deletes all slices but those of snapshots. */
  void releaseAll() {
    previous = null;
    releaseCurrent();
  }

  private Kept kept(SliceRdd slices) {
    if (held.contains(slices) || (slices == current && needsCurrent)) {
      return Kept.SLICES_AND_PIECES;
    }
    return slices == previous ? Kept.SLICES : Kept.NOTHING;
  }

  private void deleteUnused() {
    for (Map.Entry<SliceRdd, Kept> each : generations.entrySet()) {
      Kept kept = kept(each.getKey());
      if (kept.compareTo(each.getValue()) > 0) {
        each.setValue(kept);
        delete(each.getKey(), kept);
      }
    }
    generations.values().removeIf(kept -> kept == Kept.NOTHING);
  }

  /** Deletes pieces, and slices unless they are kept, in the background. */
  private void delete(SliceRdd slices, Kept kept) {
    Runnable deletePieces = slices.dropLineage();
    cleaner.add(
        () -> {
          if (kept == Kept.NOTHING) {
            slices.unpersist(true);
          }
          deletePieces.run();
        });
  }
}
