// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Ends an application each of whose executors ends as it starts, before one of them has finished a
 * task. Spark would start others for ever.
 */
public final class UnusableExecutors extends SparkListener {
  /** What Spark says of an executor whose process runs, but which cannot take tasks. */
  private static final String CANNOT_CREATE = "Unable to create executor due to ";

  private static final String NO_SHUFFLE_SERVICE =
      "Unable to register with external shuffle server";

  private static final int ENOUGH = 4;

  /** This process has one application at a time. */
  private static final AtomicReference<Optional<String>> REASON =
      new AtomicReference<>(Optional.empty());

  private final SparkContext spark;
  private int ended;

  private UnusableExecutors(SparkContext spark) {
    this.spark = spark;
  }

  /** Begins to watch an application that has just started. */
  public static void watch(SparkContext spark) {
    REASON.set(Optional.empty());
    spark.addSparkListener(new UnusableExecutors(spark));
  }

  /** Why this process's application was ended, and the remedy; empty if it was not. */
  public static Optional<String> reason() {
    return REASON.get();
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
    int start = executor.reason().indexOf(CANNOT_CREATE);
    if (start < 0) {
      return;
    }
    ended++;
    if (ended == ENOUGH) {
      REASON.set(Optional.of(explain(executor.reason().substring(start + CANNOT_CREATE.length()))));
      // Spark waits for this thread as it stops, and knows it by a value that others inherit.
      new Thread(null, spark::stop, "stoker-end", 0, false).start();
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    if (task.taskInfo().successful()) {
      spark.removeSparkListener(this);
    }
  }

  /**
   * The line for the user.
   *
   * @param why what Spark says, after {@link #CANNOT_CREATE}
   */
  static String explain(String why) {
    String first = why.lines().findFirst().orElse("").strip().replace(" due to : ", ": ");
    return "Executors cannot start: "
        + first
        + (first.startsWith(NO_SHUFFLE_SERVICE)
            ? "; start Spark's external shuffle service on each node, or leave out"
                + " spark.shuffle.service.enabled (dynamic allocation works with"
                + " spark.dynamicAllocation.shuffleTracking.enabled, too)"
            : "; the executors' logs say more");
  }
}
