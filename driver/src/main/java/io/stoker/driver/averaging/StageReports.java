// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.DriverTraffic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Makes the reports of a stage's rounds, in their order, each once. */
final class StageReports {
  private final TrainStageRdd trained;
  private final int first;
  private final int rounds;
  private final SliceRdd before;
  private final SliceRdd after;
  private final DriverTraffic traffic;
  private final int slots;
  private int reported;
  private long began;

  /**
   * @param trained the stage
   * @param first the first round to report; those before it were reported by earlier stages
   * @param rounds how many rounds the stage holds
   * @param before the slices before that round
   * @param after the slices after it
   * @param traffic what passes through the driver
   * @param slots how many averages the cluster computes at the same time
   * @param start when the first round began, as of {@link System#nanoTime}
   */
  StageReports(
      TrainStageRdd trained,
      int first,
      int rounds,
      SliceRdd before,
      SliceRdd after,
      DriverTraffic traffic,
      int slots,
      long start) {
    this.trained = trained;
    this.first = first;
    this.reported = first;
    this.rounds = rounds;
    this.before = before;
    this.after = after;
    this.traffic = traffic;
    this.slots = slots;
    this.began = start;
  }

  /**
   * The rounds that have finished since the last call, while the stage runs: of these, workers have
   * stored their pieces of the next round too, and reported the averages between the two.
   */
  List<RoundReport> finished() {
    int end = reported;
    while (end + 2 < rounds && trained.completed(end + 1) > 0) {
      end++;
    }
    return upTo(end);
  }

  /** The other rounds, after the stage and the averages. */
  List<RoundReport> others() {
    return upTo(rounds);
  }

  private List<RoundReport> upTo(int end) {
    List<RoundReport> reports = new ArrayList<>();
    if (reported == end) {
      return reports;
    }
    Map<Integer, List<TaskReport>> tasks = trained.reports();
    int count = end - reported;
    long driverBytes = traffic.take();
    for (int i = 0; i < count; i++, reported++) {
      boolean last = reported == rounds - 1;
      long ended = last ? System.nanoTime() : trained.completed(reported);
      reports.add(
          RoundReport.of(
              tasks.get(reported),
              reported == first ? before.reports() : averages(tasks.get(reported)),
              last ? after.reports() : averages(tasks.get(reported + 1)),
              slots,
              (ended - began) / 1e9,
              driverBytes * (i + 1) / count - driverBytes * i / count));
      began = ended;
    }
    return reports;
  }

  private static List<SliceReport> averages(List<TaskReport> tasks) {
    return tasks.stream().flatMap(task -> task.averages().stream()).toList();
  }
}
