package io.stoker.driver.cluster;

import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.time.Duration;
import java.util.Map;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * A slot for each worker at the same time, or no round: a barrier stage before it, in which all of
 * them meet. It waits for slots for a minute, or as many seconds as {@code
 * spark.stoker.gangSeconds} says.
 */
public final class Gang {
  private static final String GANG = "spark.stoker.gang";
  private static final String SECONDS = "spark.stoker.gangSeconds";
  private static final int PATIENCE = 60;

  /**
   * Has a job train so. Should slots go between our look at them and Spark's, Spark looks again
   * each second for a while, not each quarter of a minute for ten.
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

  /**
   * @param spark the cluster
   * @param workers how many there are
   */
  public Gang(JavaSparkContext spark, int workers) {
    this.spark = spark;
    this.workers = workers;
  }

  /** Whether the job is to be trained so. */
  public static boolean isAsked(JavaSparkContext spark) {
    return spark.getConf().getBoolean(GANG, false);
  }

  /**
   * Waits for the slots, and has a task in each of them meet the others.
   *
   * @param what of, for Spark's pages
   * @throws ResourceException if there are too few for too long
   * @throws InputException if executors may come and go, which excludes barrier mode
   */
  public void awaitAllWorkers(String what) {
    if (spark.getConf().getBoolean("spark.dynamicAllocation.enabled", false)) {
      throw new InputException(
          "Cannot train with --gang and spark.dynamicAllocation.enabled: Spark's barrier mode needs"
              + " executors that stay; leave out one of them");
    }
    int patience = spark.getConf().getInt(SECONDS, PATIENCE);
    if (Slots.await(spark, workers, Duration.ofSeconds(patience)) < workers) {
      throw tooFew(patience);
    }
    spark.sc().setJobDescription(what + ": wait for all workers");
    try {
      BarrierStage.run(spark, workers, () -> 0);
    } catch (Exception e) { // Spark does not declare what it throws.
      if (isShortOfSlots(e)) {
        throw tooFew(patience);
      }
      throw e;
    }
  }

  private ResourceException tooFew(int patience) {
    return new ResourceException(
        "Cannot train %d workers at once: %s has %d slots%s; give it more cores, take fewer --workers, or leave out --gang"
            .formatted(
                workers,
                spark.master(),
                Slots.now(spark),
                spark.isLocal() ? "" : " after %d s".formatted(patience)));
  }

  private static boolean isShortOfSlots(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SparkException
          && String.valueOf(cause.getMessage()).contains("Barrier execution mode does not allow")) {
        return true;
      }
    }
    return false;
  }
}
