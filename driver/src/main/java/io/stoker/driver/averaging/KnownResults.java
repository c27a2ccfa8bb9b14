// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.base.LittleEndian;
import io.stoker.driver.spark.FetchWindow;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.TaskContext;

/**
 * Results of rounds that were trained before, in a stage each: the worker trains these rounds
 * again, to come to the values with which it begins the next one.
 */
final class KnownResults implements RoundResults {
  private final SliceAverage average;
  private final List<SliceRdd> results;
  private final List<Integer> order;
  private final TaskContext context;
  private final Correction correction;

  /** This worker's values after the last round that was taken, by slice. */
  private final List<ByteBuffer> own = new ArrayList<>();

  /**
   * @param average how the slices are cut and averaged
   * @param results the slices after each of the rounds
   * @param order the slices in the order in which the worker reads them
   * @param context the task's
   */
  KnownResults(
      SliceAverage average, List<SliceRdd> results, List<Integer> order, TaskContext context) {
    this.average = average;
    this.results = results;
    this.order = order;
    this.context = context;
    this.correction = new Correction(average);
  }

  @Override
  public void take(RoundExecution done) {
    own.clear();
    for (int slice = 0; slice < average.slices().count(); slice++) {
      own.add(done.values(slice, new byte[average.slices().pieceBytes(slice)]));
    }
  }

  @Override
  public void correct(RoundExecution next) {
    long start = System.nanoTime();
    SliceRdd result = results.get(next.round() - 1);
    try (FetchWindow window = result.fetch(order)) {
      for (int slice : order) {
        byte[] content = result.gathered(slice, window, context);
        next.correct(correction, slice, own.get(slice), LittleEndian.bytes(content));
      }
      next.loaded((System.nanoTime() - start) / 1e9, window.takenBytes(), List.of());
    }
  }
}
