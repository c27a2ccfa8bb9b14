// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.List;

/**
 * What a worker reports to the driver about its part of a round.
 *
 * @param worker the worker's number
 * @param examples how many examples it saw
 * @param lossSum the sum of their cross-entropies, in nats
 * @param correct how many of them were classified correctly
 * @param gatherSeconds fetching and loading the parameters
 * @param waitSeconds waiting for data
 * @param computeSeconds forward, backward and update
 * @param scatterSeconds cutting the result into pieces, and writing them
 * @param fetchedBytes bytes of slices that came from other executors
 */
public record WorkerReport(
    int worker,
    long examples,
    double lossSum,
    long correct,
    double gatherSeconds,
    double waitSeconds,
    double computeSeconds,
    double scatterSeconds,
    long fetchedBytes)
    implements Serializable {
  /** How many numbers a report has. */
  static final int NUMBERS = 9;

  List<Double> numbers() {
    return List.of(
        (double) worker,
        (double) examples,
        lossSum,
        (double) correct,
        gatherSeconds,
        waitSeconds,
        computeSeconds,
        scatterSeconds,
        (double) fetchedBytes);
  }

  static WorkerReport of(List<Double> numbers) {
    return new WorkerReport(
        numbers.get(0).intValue(),
        numbers.get(1).longValue(),
        numbers.get(2),
        numbers.get(3).longValue(),
        numbers.get(4),
        numbers.get(5),
        numbers.get(6),
        numbers.get(7),
        numbers.get(8).longValue());
  }
}
