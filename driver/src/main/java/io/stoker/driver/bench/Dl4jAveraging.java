package io.stoker.driver.bench;

import io.stoker.driver.dl4j.StockAveraging;
import org.apache.spark.api.java.JavaSparkContext;

/** Deeplearning4j's own averaging on Spark, {@code ParameterAveragingTrainingMaster}. */
public final class Dl4jAveraging {
  private Dl4jAveraging() {}

  /**
   * What its rounds came to.
   *
   * @param parameters how many its network has: about as many as were asked for
   * @param cost of a round; it includes the step
   * @param stepSeconds what a worker's step on one example takes by itself
   */
  public record Result(int parameters, AveragingCost cost, double stepSeconds) {}

  /**
   * Runs rounds.
   *
   * @param spark the cluster
   * @param parameters how many
   * @param workers how many
   * @param rounds how many are measured, after a warm-up
   */
  public static Result run(JavaSparkContext spark, int parameters, int workers, int rounds) {
    StockAveraging averaging = new StockAveraging(spark, parameters, workers);
    AveragingCost cost = AveragingBench.measure(spark, rounds, averaging::round);
    return new Result(averaging.parameters(), cost, averaging.stepSeconds());
  }
}
