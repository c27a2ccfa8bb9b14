package io.stoker.driver.cluster;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;

/** How many tasks a cluster runs at once: cores, or GPUs where tasks want them. */
public final class Slots {
  private static final int POLL_MILLISECONDS = 100;
  private static final Duration STEADY = Duration.ofSeconds(2);

  private Slots() {}

  /** Those of the executors that are there now. */
  public static int now(JavaSparkContext spark) {
    SparkContext context = spark.sc();
    return context.maxNumConcurrentTasks(context.resourceProfileManager().defaultResourceProfile());
  }

  /** The executors that are there now; 1 for a local master. */
  public static int executors(JavaSparkContext spark) {
    // The driver is in the list too.
    return spark.isLocal() ? 1 : spark.sc().getExecutorMemoryStatus().size() - 1;
  }

  /**
   * Waits for executors, which a cluster starts one by one.
   *
   * @param spark the cluster
   * @param wanted enough slots
   * @param patience how long to wait for them
   * @return how many there are then
   */
  public static int await(JavaSparkContext spark, int wanted, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    int slots = now(spark);
    try {
      while (slots < wanted && !spark.isLocal() && System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLISECONDS);
        slots = now(spark);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return slots;
  }

  /** Waits until executors have come, and no more do. */
  public static int awaitAll(JavaSparkContext spark, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    int slots = await(spark, 1, patience);
    while (System.nanoTime() < end) {
      int more = await(spark, slots + 1, STEADY);
      if (more == slots) {
        break;
      }
      slots = more;
    }
    return slots;
  }
}
