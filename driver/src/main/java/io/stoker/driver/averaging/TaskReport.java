// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * What a task reports to the driver about one of its rounds.
 *
 * @param round the round, from 0 within the stage
 * @param worker the worker's part of the round; empty while it is not complete
 * @param averages the averages that this task computed itself in order to begin the round; those of
 *     the stage's first round are reported by the slices
 */
record TaskReport(int round, List<WorkerReport> worker, List<SliceReport> averages)
    implements Serializable {
  TaskReport {
    worker = List.copyOf(worker);
    averages = List.copyOf(averages);
  }

  /** The report as numbers, which Spark's endpoints can deserialize. */
  List<Double> numbers() {
    List<Double> numbers = new ArrayList<>(List.of((double) round, (double) worker.size()));
    worker.forEach(each -> numbers.addAll(each.numbers()));
    averages.forEach(each -> numbers.addAll(each.numbers()));
    return numbers;
  }

  /** The report that {@link #numbers} has written. */
  static TaskReport of(List<Double> numbers) {
    Iterator<Double> rest = numbers.iterator();
    int round = rest.next().intValue();
    List<WorkerReport> worker = rest.next() == 0 ? List.of() : List.of(WorkerReport.read(rest));
    List<SliceReport> averages = new ArrayList<>();
    while (rest.hasNext()) {
      averages.add(SliceReport.read(rest));
    }
    return new TaskReport(round, worker, averages);
  }
}
