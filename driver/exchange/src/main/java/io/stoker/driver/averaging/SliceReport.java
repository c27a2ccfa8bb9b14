// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.WorkerSlice;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.SparkEnv;

/**
 * What a task reports to the driver about a slice that it has averaged, or about several: a few
 * bytes, whatever the size of the model.
 *
 * @param slice the slice's number; of several the first one
 * @param measured what the task has measured
 */
record SliceReport(int slice, Measurements measured) implements Serializable {
  /**
   * The report of an average that was computed just now.
   *
   * @param start when fetching its pieces began, as of {@link System#nanoTime}
   */
  static SliceReport of(
      int slice, long start, List<WorkerSlice> pieces, SliceAverage.Averaged mean) {
    return new SliceReport(
        slice,
        new Measurements()
            .add(Measure.AVERAGE_SECONDS, (System.nanoTime() - start) / 1e9)
            .add(Measure.MOVED_BYTES, bytesFromOtherExecutors(pieces))
            .add(Measure.DRIFT_SQUARED, mean.driftSquared())
            .add(Measure.NORM_SQUARED, mean.normSquared()));
  }

  /** The report of this slice and another one after it. */
  SliceReport plus(SliceReport other) {
    return new SliceReport(slice, measured.plus(other.measured));
  }

  /** The bytes of the pieces that other executors than this one have written. */
  private static long bytesFromOtherExecutors(List<WorkerSlice> pieces) {
    String here = SparkEnv.get().executorId();
    return pieces.stream()
        .filter(piece -> !piece.executor().equals(here))
        .mapToLong(piece -> piece.content().remaining())
        .sum();
  }
}
