// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
    int averages = 2 + numbers.get(1).intValue() * WorkerReport.NUMBERS;
    return new TaskReport(
        numbers.get(0).intValue(),
        parts(numbers, 2, averages, WorkerReport.NUMBERS).map(WorkerReport::of).toList(),
        parts(numbers, averages, numbers.size(), SliceReport.NUMBERS)
            .map(SliceReport::of)
            .toList());
  }

  private static Stream<List<Double>> parts(List<Double> numbers, int from, int to, int length) {
    return IntStream.range(0, (to - from) / length)
        .mapToObj(i -> numbers.subList(from + i * length, from + (i + 1) * length));
  }
}
