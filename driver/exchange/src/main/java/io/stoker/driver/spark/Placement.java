// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.ExecutorCacheTaskLocation;

/**
 * The executors that the tasks of a stage prefer: tasks in the order of their numbers are spread
 * evenly over the executors in an order that stays. So task w runs on the same executor in each
 * stage, and finds there what it left. Spark takes it as a preference and, with {@code
 * spark.locality.wait} 0, does not wait for it.
 *
 * @param executors as Spark writes task locations, in an order that stays; empty for no preference
 */
public record Placement(List<String> executors) {
  /** No preference. */
  public static final Placement ANYWHERE = new Placement(List.of());

  /** Executors of one host are neighbours. Names are numbers, of which 10 comes after 9. */
  private static final Comparator<RegisteredExecutor> ORDER =
      Comparator.comparing(RegisteredExecutor::host)
          .thenComparing(executor -> executor.id().length())
          .thenComparing(RegisteredExecutor::id);

  public Placement {
    executors = List.copyOf(executors);
  }

  /** A placement on the executors that are there now; no preference for a local master. */
  public static Placement along(JavaSparkContext spark) {
    if (spark.isLocal()) {
      return ANYWHERE;
    }
    return new Placement(
        RegisteredExecutors.of(spark).stream()
            .sorted(ORDER)
            .map(each -> new ExecutorCacheTaskLocation(each.host(), each.id()).toString())
            .toList());
  }

  /**
   * The preferred locations of one task.
   *
   * @param task its number, from 0
   * @param tasks how many tasks the stage has
   */
  public List<String> of(int task, int tasks) {
    return executors.isEmpty()
        ? List.of()
        : List.of(executors.get((int) ((long) task * executors.size() / tasks)));
  }
}
