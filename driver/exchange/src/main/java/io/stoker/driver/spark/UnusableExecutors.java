// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.data.storage.NoSpace;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorAdded;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Ends an application each of whose executors ends as it starts, before one of them has finished a
 * task. Spark would start others for ever. Some nodes of a cluster may be so, as long as others are
 * not.
 */
public final class UnusableExecutors extends SparkListener {
  /** What Spark says of an executor whose process runs, but which cannot take tasks. */
  private static final String CANNOT_CREATE = "Unable to create executor due to ";

  private static final String NO_SHUFFLE_SERVICE =
      "Unable to register with external shuffle server";

  private static final int FEWEST = 4;

  /** An executor that has lived longer has started. */
  private static final Duration START = Duration.ofSeconds(30);

  private final Consumer<String> end;

  /** Whether a task has ended well, so that there is nothing to watch for any more. */
  private boolean over;

  /** When the executors that are there were added, in milliseconds since 1970. */
  private final Map<String, Long> alive = new HashMap<>();

  /** How many were there at the same time, at most. */
  private int most;

  /** How many ended as they started. */
  private int ended;

  /**
   * @param end ends the application, whose reason it receives; it is called once, on a thread for
   *     which Spark waits as it stops
   */
  UnusableExecutors(Consumer<String> end) {
    this.end = end;
  }

  /** Begins to watch an application that has just started. */
  public static void watch(SparkContext spark) {
    spark.addSparkListener(new UnusableExecutors(reason -> ApplicationEnd.end(spark, reason)));
  }

  @Override
  public void onExecutorAdded(SparkListenerExecutorAdded executor) {
    alive.put(executor.executorId(), executor.time());
    most = Math.max(most, alive.size());
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved executor) {
    alive.remove(executor.executorId());
    int start = executor.reason().indexOf(CANNOT_CREATE);
    if (over || start < 0) {
      return;
    }
    ended++;
    boolean anyStarted =
        alive.values().stream().anyMatch(since -> executor.time() - since > START.toMillis());
    if (ended >= Math.max(FEWEST, 2 * most) && !anyStarted) {
      over = true;
      end.accept(explain(executor.reason().substring(start + CANNOT_CREATE.length())));
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    over |= task.taskInfo().successful();
  }

  /**
   * The line for the user.
   *
   * @param why what Spark says, after {@link #CANNOT_CREATE}
   */
  static String explain(String why) {
    String first = why.lines().findFirst().orElse("").strip().replace(" due to : ", ": ");
    return "Executors cannot start: " + first + "; " + remedy(first);
  }

  private static String remedy(String why) {
    if (why.startsWith(NO_SHUFFLE_SERVICE)) {
      return "start Spark's external shuffle service on each node, or leave out"
          + " spark.shuffle.service.enabled (dynamic allocation works with"
          + " spark.dynamicAllocation.shuffleTracking.enabled, too)";
    }
    return why.contains(NoSpace.TEXT)
        ? "free some in the folders of Spark's workers and in spark.local.dir"
        : "the executors' logs say more";
  }
}
