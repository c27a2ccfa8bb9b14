// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.driver.averaging.OverlapNeeds;
import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.cluster.MemoryCheck;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.job.RoundGroups;
import io.stoker.driver.metrics.Median;
import io.stoker.driver.slice.MovingAverage;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.SliceAverage;
import io.stoker.driver.spark.DriverTraffic;
import io.stoker.driver.spark.Jobs;
import io.stoker.worker.sgd.Measure;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.apache.spark.api.java.JavaSparkContext;

/** Measures rounds of the averaging that training uses, with a network that computes nothing. */
public final class AveragingBench {
  /** Rounds before those that are measured, in which the JVM compiles and networks are made. */
  static final int WARM_UP = 5;

  /** How many of them overlap, where rounds do. */
  private static final int OVERLAPPING_WARM_UP = 2;

  private AveragingBench() {}

  /**
   * The result of a measurement.
   *
   * @param cost the cost of a round
   * @param gatherSeconds fetching parameters, the mean over the workers; where rounds overlap,
   *     waiting for the average and correcting them
   * @param scatterSeconds cutting parameters into pieces, the mean over the workers
   * @param averageSeconds fetching and averaging pieces, as if spread evenly over the slots
   */
  public record Result(
      AveragingCost cost, double gatherSeconds, double scatterSeconds, double averageSeconds) {}

  /**
   * Runs rounds. Those that overlap are trained in groups, as large as those of training.
   *
   * @param spark the cluster
   * @param load the rounds
   */
  public static Result run(JavaSparkContext spark, AveragingLoad load) {
    ParameterSlices slices = load.slices();
    int workers = load.workers();
    MemoryCheck.require(
        spark,
        MemoryNeed.ofAveraging(slices.parameters(), workers, slices.bytes(0)),
        workers,
        workers);
    int parameters = Math.toIntExact(slices.parameters());
    NoOpWork work = new NoOpWork(workers, parameters, load.steps());
    List<Double> seconds = new ArrayList<>();
    List<RoundReport> reports = new ArrayList<>();
    SliceAverage average =
        new SliceAverage(
            slices, OuterStep.PLAIN, load.wire(), load.overlapSteps(), MovingAverage.NONE);
    if (load.overlapSteps() > 0) {
      int together = RoundGroups.mostRounds(slices);
      OverlapNeeds.awaitBeforeJob(spark, slices, load.workers(), together);
    }
    try (SharedParameters shared =
        SharedParameters.load(spark, average, new Noise(), new Noise())) {
      warmUp(shared, load, work);
      while (reports.size() < load.rounds()) {
        long start = System.nanoTime();
        int together = roundsTogether(shared, load, load.rounds() - reports.size());
        String name =
            String.format(Locale.ROOT, "round %d of %d", reports.size() + 1, load.rounds());
        reports.addAll(shared.advance(Collections.nCopies(together, work), name));
        double each = (System.nanoTime() - start) / 1e9 / together;
        seconds.addAll(Collections.nCopies(together, each));
      }
    }
    return new Result(
        new AveragingCost(
            Median.of(seconds),
            reports.stream().mapToLong(RoundReport::driverBytes).sum() / load.rounds(),
            reports.stream().mapToLong(RoundReport::executorBytes).sum() / load.rounds()),
        mean(reports, report -> report.mean(Measure.GATHER_SECONDS)),
        mean(reports, report -> report.mean(Measure.SCATTER_SECONDS)),
        mean(reports, RoundReport::averageSeconds));
  }

  /**
   * Trains the first rounds. Only the last ones take steps: from these the driver learns how long a
   * round takes.
   */
  private static void warmUp(SharedParameters shared, AveragingLoad load, NoOpWork work) {
    int together = load.overlapSteps() > 0 ? OVERLAPPING_WARM_UP : 0;
    int alone = WARM_UP - together;
    NoOpWork stepless = new NoOpWork(work.workers(), work.parameters(), WaitingSteps.NONE);
    for (int round = 0; round < alone - 1; round++) {
      shared.advance(stepless, "warm-up");
    }
    shared.advance(work, "warm-up");
    if (together > 0) {
      shared.advance(Collections.nCopies(together, work), "warm-up");
    }
  }

  private static int roundsTogether(SharedParameters shared, AveragingLoad load, int left) {
    return load.overlapSteps() > 0
        ? Math.min(left, RoundGroups.mostRounds(load.slices()))
        : shared.roundsPerStage(load.workers(), left);
  }

  private static double mean(
      List<RoundReport> reports, java.util.function.ToDoubleFunction<RoundReport> value) {
    return reports.stream().mapToDouble(value).average().orElse(0);
  }

  /**
   * Measures rounds of another way of averaging.
   *
   * @param spark the cluster
   * @param rounds how many rounds are measured, after a warm-up
   * @param round one round
   */
  public static AveragingCost measure(JavaSparkContext spark, int rounds, Runnable round) {
    DriverTraffic traffic = new DriverTraffic(spark.isLocal());
    List<Double> seconds = new ArrayList<>();
    for (int i = 0; i < WARM_UP; i++) {
      round.run();
    }
    watch(spark, traffic);
    for (int i = 0; i < rounds; i++) {
      long start = System.nanoTime();
      round.run();
      seconds.add((System.nanoTime() - start) / 1e9);
    }
    return new AveragingCost(Median.of(seconds), seen(spark, traffic) / rounds, -1);
  }

  /** Begins to count when Spark has reported everything that happened before. */
  private static void watch(JavaSparkContext spark, DriverTraffic traffic) {
    Jobs.awaitEvents(spark);
    spark.sc().addSparkListener(traffic);
  }

  /** The bytes since {@link #watch}. */
  private static long seen(JavaSparkContext spark, DriverTraffic traffic) {
    Jobs.awaitEvents(spark);
    spark.sc().removeSparkListener(traffic);
    return traffic.take();
  }
}
