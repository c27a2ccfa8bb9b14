// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import org.apache.spark.api.java.JavaSparkContext;

/** Measures the averaging of another library, in numbers that can be compared with Stoker's. */
public final class LibraryAveraging {
  private LibraryAveraging() {}

  /**
   * The result of a measurement.
   *
   * @param parameters how many parameters the library averaged, about as many as were asked for
   * @param cost the cost of a round, which includes a step
   * @param stepSeconds how long a worker's step on one example takes
   */
  public record Result(int parameters, AveragingCost cost, double stepSeconds) {}

  /**
   * Runs rounds.
   *
   * @param library the library
   * @param spark the cluster
   * @param parameters how many parameters
   * @param workers how many workers
   * @param rounds how many rounds are measured, after a warm-up
   */
  public static Result run(
      AveragingLibrary library, JavaSparkContext spark, int parameters, int workers, int rounds) {
    AveragingLibrary.Averaging averaging = library.averaging(spark, parameters, workers);
    AveragingCost cost = AveragingBench.measure(spark, rounds, averaging::round);
    return new Result(averaging.parameters(), cost, averaging.stepSeconds());
  }
}
