// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.driver.spark.BarrierStage;
import io.stoker.failure.ResourceException;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Gang scheduling: a round begins only when there is a slot for each worker at the same time. It
 * waits for slots for a minute, or as many seconds as {@code spark.stoker.gangSeconds} says. With
 * {@code --gang}, a barrier stage before the round makes sure that the slots are free.
 */
public final class Gang {
  private static final String GANG = "spark.stoker.gang";
  private static final String SECONDS = "spark.stoker.gangSeconds";
  private static final int PATIENCE = 60;

  /**
   * Turns gang scheduling on. If slots are lost between this class's check and Spark's own, Spark
   * checks again each second for 10 s; its defaults are each 15 s for 10 minutes.
   */
  public static final Map<String, String> CONFIGURATION =
      Map.of(
          GANG,
          "true",
          "spark.scheduler.barrier.maxConcurrentTasksCheck.interval",
          "1s",
          "spark.scheduler.barrier.maxConcurrentTasksCheck.maxFailures",
          "10");

  private final JavaSparkContext spark;
  private final int workers;

  /** What the user can do if there are too few slots. */
  private final String remedy;

  private Gang(JavaSparkContext spark, int workers, String remedy) {
    this.spark = spark;
    this.workers = workers;
    this.remedy = remedy;
  }

  /**
   * The workers of a job that has not begun.
   *
   * @param spark the cluster
   * @param workers how many workers a round has
   * @param option the user's option that needs all workers at once
   */
  public static Gang beforeJob(JavaSparkContext spark, int workers, String option) {
    return new Gang(
        spark, workers, "give it more cores, take fewer --workers, or leave out " + option);
  }

  /**
   * The workers of a job that has begun, and which the user can go on with later.
   *
   * @param spark the cluster
   * @param workers how many workers a round has
   */
  public static Gang inJob(JavaSparkContext spark, int workers) {
    return new Gang(
        spark,
        workers,
        "go on with --resume when it has slots again, or have the job wait longer with " + SECONDS);
  }

  /** Whether a cluster's configuration asks for gang scheduling. */
  public static boolean isAsked(JavaSparkContext spark) {
    return spark.getConf().getBoolean(GANG, false);
  }

  /**
   * Waits until there are enough slots, and runs a task in each of them at the same time.
   *
   * @param what the job, for Spark's user interface
   * @throws ResourceException if there are too few slots for too long
   */
  public void awaitAllWorkers(String what) {
    if (ExecutorDemand.isDynamic(spark)) { // Spark's barrier mode excludes dynamic allocation.
      if (!ExecutorDemand.await(spark, workers, patience())) {
        throw tooFew(Slots.now(spark));
      }
      return;
    }
    awaitSlots(slots -> true);
    spark.sc().setJobDescription(what + ": wait for all workers");
    try {
      BarrierStage.run(spark, workers, () -> 0);
    } catch (Exception e) { // Spark does not declare what it throws.
      if (BarrierStage.isShortOfSlots(e)) {
        throw tooFew(Slots.now(spark));
      }
      throw e;
    }
  }

  /**
   * Waits until there are enough slots, which other jobs may use at this moment.
   *
   * @param suit whether executors suit the caller, which are waited for as long as for slots
   * @return the cluster's slots
   * @throws ResourceException if there are too few slots for too long
   */
  public Slots awaitSlots(Predicate<Slots> suit) {
    if (ExecutorDemand.isDynamic(spark) && Slots.now(spark).count() < workers) {
      ExecutorDemand.await(spark, workers, patience());
    }
    Slots slots =
        ExecutorRegistration.of(spark)
            .await(there -> there.count() >= workers && suit.test(there), patience());
    if (slots.count() < workers) {
      throw tooFew(slots);
    }
    return slots;
  }

  private Duration patience() {
    return Duration.ofSeconds(spark.getConf().getInt(SECONDS, PATIENCE));
  }

  private ResourceException tooFew(Slots slots) {
    return new ResourceException(
        String.format(
            Locale.ROOT,
            "Cannot train %d workers at once: %s has %d slots%s%s; %s",
            workers,
            spark.master(),
            slots.count(),
            spark.isLocal()
                ? ""
                : String.format(Locale.ROOT, " after %d s", patience().toSeconds()),
            PodProblem.of(spark).map(problem -> " (" + problem + ")").orElse(""),
            remedy));
  }
}
