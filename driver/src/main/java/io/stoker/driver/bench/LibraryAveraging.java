package io.stoker.driver.bench;

import org.apache.spark.api.java.JavaSparkContext;

/** The averaging of another library, in numbers that compare with Stoker's. */
public final class LibraryAveraging {
  private LibraryAveraging() {}

  /**
   * What was measured.
   *
   * @param parameters how many the library averaged: about as many as were asked for
   * @param cost of a round; it includes the step
   * @param stepSeconds what a worker's step on one example takes alone
   */
  public record Result(int parameters, AveragingCost cost, double stepSeconds) {}

  /**
   * Runs rounds.
   *
   * @param library whose averaging is measured
   * @param spark the cluster
   * @param parameters how many
   * @param workers how many
   * @param rounds how many are measured, after a warm-up
   */
  public static Result run(
      AveragingLibrary library, JavaSparkContext spark, int parameters, int workers, int rounds) {
    AveragingLibrary.Averaging averaging = library.averaging(spark, parameters, workers);
    AveragingCost cost = AveragingBench.measure(spark, rounds, averaging::round);
    return new Result(averaging.parameters(), cost, averaging.stepSeconds());
  }
}
