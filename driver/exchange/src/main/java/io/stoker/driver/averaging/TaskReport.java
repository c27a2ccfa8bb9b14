// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.worker.sgd.Measurements;
import java.io.Serializable;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a task reports to the driver about one of its rounds.
 *
 * @param round the round, from 0 within the stage
 * @param worker the worker's part of the round; empty in a report that is sent before the round
 * @param averages the averages that this task computed to begin the round; empty in the stage's
 *     first round, whose averages {@link SliceRdd#reports} has
 */
record TaskReport(int round, List<WorkerReport> worker, List<SliceReport> averages)
    implements Serializable {
  public TaskReport {
    worker = List.copyOf(worker);
    averages = List.copyOf(averages);
  }

  /**
   * The report of a round from those of its tasks.
   *
   * @param tasks the workers' reports; if a worker's task ran twice, the later report counts
   * @param absent the workers that do not take part in the round
   * @param before the averages with which the round began; if a slice was averaged twice, the later
   *     report counts
   * @param averages the averages whose time and bytes belong to this round
   * @param slots how many averages the cluster computes at the same time
   * @param seconds how long the round took
   * @param driverBytes bytes through the driver
   */
  static RoundReport ofRound(
      List<TaskReport> tasks,
      List<Integer> absent,
      List<SliceReport> before,
      List<SliceReport> averages,
      int slots,
      double seconds,
      long driverBytes) {
    SortedMap<Integer, WorkerReport> byWorker = new TreeMap<>();
    tasks.stream()
        .flatMap(task -> task.worker().stream())
        .filter(each -> !absent.contains(each.worker()))
        .forEach(each -> byWorker.put(each.worker(), each));
    return new RoundReport(
        List.copyOf(byWorker.values()),
        absent,
        sum(before),
        Measurements.sum(averages.stream().map(SliceReport::measured).toList()),
        Math.max(1, Math.min(slots, averages.size())),
        seconds,
        driverBytes);
  }

  /** What was measured with the slices; of a slice that was averaged twice, one counts. */
  private static Measurements sum(List<SliceReport> reports) {
    SortedMap<Integer, Measurements> bySlice = new TreeMap<>();
    reports.forEach(each -> bySlice.put(each.slice(), each.measured()));
    return Measurements.sum(bySlice.values());
  }
}
