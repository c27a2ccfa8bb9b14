// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.slice.WorkerSlice;
import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.spark.SparkEnv;

/**
 * What a task reports to the driver about a slice that it has averaged, or about several: a few
 * bytes, whatever the size of the model.
 *
 * @param slice the slice's number; of several the first one
 * @param seconds how long fetching and averaging its pieces took
 * @param movedBytes the bytes of pieces that came from other executors
 * @param driftSquared see {@link SliceAverage.Averaged}
 * @param normSquared see {@link SliceAverage.Averaged}
 */
record SliceReport(
    int slice, double seconds, long movedBytes, double driftSquared, double normSquared)
    implements Serializable {
  /**
   * The report of an average that was computed just now.
   *
   * @param start when fetching its pieces began, as of {@link System#nanoTime}
   */
  static SliceReport of(
      int slice, long start, List<WorkerSlice> pieces, SliceAverage.Averaged mean) {
    return new SliceReport(
        slice,
        (System.nanoTime() - start) / 1e9,
        bytesFromOtherExecutors(pieces),
        mean.driftSquared(),
        mean.normSquared());
  }

  /** The report of this slice and another one after it. */
  SliceReport plus(SliceReport other) {
    return new SliceReport(
        slice,
        seconds + other.seconds,
        movedBytes + other.movedBytes,
        driftSquared + other.driftSquared,
        normSquared + other.normSquared);
  }

  /** The bytes of the pieces that other executors than this one have written. */
  private static long bytesFromOtherExecutors(List<WorkerSlice> pieces) {
    String here = SparkEnv.get().executorId();
    return pieces.stream()
        .filter(piece -> !piece.executor().equals(here))
        .mapToLong(piece -> piece.content().remaining())
        .sum();
  }

  /**
   * How far the workers were apart, see {@link RoundReport#drift}.
   *
   * @param reports of all slices; of a slice that was averaged twice, one counts
   */
  static double drift(List<SliceReport> reports) {
    SortedMap<Integer, SliceReport> bySlice = new TreeMap<>();
    reports.forEach(each -> bySlice.put(each.slice(), each));
    double norm = bySlice.values().stream().mapToDouble(SliceReport::normSquared).sum();
    double drift = bySlice.values().stream().mapToDouble(SliceReport::driftSquared).sum();
    return norm > 0 ? Math.sqrt(drift / norm) : 0;
  }

  List<Double> numbers() {
    return List.of((double) slice, seconds, (double) movedBytes, driftSquared, normSquared);
  }

  static SliceReport read(Iterator<Double> numbers) {
    return new SliceReport(
        numbers.next().intValue(),
        numbers.next(),
        numbers.next().longValue(),
        numbers.next(),
        numbers.next());
  }
}
