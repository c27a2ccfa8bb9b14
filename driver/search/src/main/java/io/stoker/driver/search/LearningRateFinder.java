// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.WorkerOptimizer;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.round.RateRange;
import io.stoker.driver.round.RateRangeRounds;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Finds the learning rate of a job by a range test. */
public final class LearningRateFinder {
  /** The rounds of a test that does not say how many. */
  public static final int ROUNDS = 75;

  private static final RateRange SGD = new RateRange(1e-4, 10, ROUNDS);
  private static final RateRange ADAMW = new RateRange(1e-6, 0.1, ROUNDS);

  private LearningRateFinder() {}

  /** The rates that are tried of a job that does not say which. */
  public static RateRange range(TrainingConfig job) {
    return job.optimizer().kind() == WorkerOptimizer.ADAMW ? ADAMW : SGD;
  }

  /**
   * Runs the test.
   *
   * @param spark the cluster
   * @param job what is to be trained
   * @param range the rates to try
   * @throws io.stoker.failure.StokerException if the job cannot be trained, or no rate is good
   */
  public static RateCurve find(JavaSparkContext spark, TrainingConfig job, RateRange range) {
    List<RoundMetrics> rounds = RateRangeRounds.train(spark, job, range);
    return RateCurve.of(
        rounds.stream().map(round -> (double) round.lr()).toList(),
        rounds.stream().map(RoundMetrics::loss).toList());
  }
}
