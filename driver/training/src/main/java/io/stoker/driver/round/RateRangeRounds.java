// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.job.Preflight;
import io.stoker.driver.job.ResolvedJob;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.job.WorkBySpeed;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.models.file.TrainingClock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The rounds of a range test of the learning rate (Smith, 2017, "Cyclical Learning Rates for
 * Training Neural Networks", section 3.3): those of a job, with its workers, batches and
 * augmentations, at rates that grow. Nothing is written: there is no run folder and no checkpoint.
 */
public final class RateRangeRounds {
  private final TrainingRun run;
  private final RateRange range;
  private final List<RoundMetrics> rounds = new ArrayList<>();
  private TrainingClock clock = TrainingClock.START;

  private RateRangeRounds(TrainingRun run, RateRange range) {
    this.run = run;
    this.range = range;
  }

  /**
   * Trains the rounds.
   *
   * @param spark the cluster
   * @param job what is to be trained; its rate, schedule, epochs and run folder have no influence
   * @param range the rate of each round
   * @return the rounds up to the last one, or to a stage that ends with a loss that is not finite
   * @throws io.stoker.failure.StokerException if the job or its data cannot be used
   */
  public static List<RoundMetrics> train(
      JavaSparkContext spark, TrainingConfig job, RateRange range) {
    TrainingConfig shortened =
        job.toBuilder()
            .schedule(new LearningRateSchedule.Constant(0))
            .epochs(range.rounds()) // Enough: an epoch has at least one round.
            .build();
    int workers = job.rounds().workers();
    JobQueue queue = JobQueue.of(spark.sc());
    queue.await("range test", workers, () -> Slots.now(spark).count());
    try {
      return trainNow(spark, shortened, range);
    } finally {
      queue.end(workers);
    }
  }

  private static List<RoundMetrics> trainNow(
      JavaSparkContext spark, TrainingConfig job, RateRange range) {
    ResolvedJob resolved = ResolvedJob.of(spark, job, ExistingRun.NONE);
    resolved.check();
    spark.setJobGroup("lr", "lr: range test of the learning rate");
    try {
      return SparkFailures.unwrapped(
          () -> {
            TrainingRun run = resolved.run();
            int workers = run.config().rounds().workers();
            Preflight.check(spark, resolved.engine(), workers, run.memoryNeed());
            return new RateRangeRounds(run, range).train(spark);
          });
    } finally {
      if (!spark.sc().isStopped()) {
        spark.clearJobGroup();
      }
    }
  }

  private List<RoundMetrics> train(JavaSparkContext spark) {
    GrowingRate rates = new GrowingRate(run.schedule(List.of()), run.plan(), range);
    try (SharedParameters parameters =
        SharedParameters.load(spark, run.average(), run.firstParameters(), run.firstParameters())) {
      TrainingStages stages =
          new TrainingStages(
              run,
              parameters,
              Optional.empty(),
              new RoundTimer(),
              new WorkBySpeed(run.config().rounds().workers()),
              Optional.empty());
      while (rounds.size() < range.rounds() && !hasDiverged()) {
        List<JobPlan.Round> next = stages.next(rounds.size());
        if (!run.groups().overlap()) {
          next = next.subList(0, Math.min(next.size(), range.rounds() - rounds.size()));
        }
        Iterator<JobPlan.Round> finished = next.iterator();
        stages.train(next, rates, report -> finished(stages, finished.next(), report, rates));
      }
    }
    return rounds.subList(0, Math.min(rounds.size(), range.rounds()));
  }

  private boolean hasDiverged() {
    return !rounds.isEmpty() && !Double.isFinite(rounds.get(rounds.size() - 1).loss());
  }

  private void finished(
      TrainingStages stages, JobPlan.Round round, RoundReport report, GrowingRate rates) {
    clock = run.plan().clockAfter(round, clock, report.examples());
    rounds.add(stages.measure(round, clock, report, rates));
  }
}
