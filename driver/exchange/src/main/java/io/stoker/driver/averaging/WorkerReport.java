// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.io.Serializable;
import java.util.Iterator;
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
  /** The report as numbers, for where objects of this class cannot go. */
  public List<Double> numbers() {
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

  /** Takes the report that {@link #numbers} has written. */
  public static WorkerReport read(Iterator<Double> numbers) {
    return new WorkerReport(
        numbers.next().intValue(),
        numbers.next().longValue(),
        numbers.next(),
        numbers.next().longValue(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next(),
        numbers.next().longValue());
  }
}
