// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.base.Division;
import io.stoker.driver.spark.RegisteredExecutor;
import io.stoker.driver.spark.RegisteredExecutors;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The executors of a cluster at one moment, and with them its slots: how many tasks it runs at the
 * same time. Everything that depends on both is computed from one such snapshot.
 *
 * @param executors the executors; the driver with a local master
 */
public record Slots(List<RegisteredExecutor> executors) {
  public Slots {
    executors = List.copyOf(executors);
  }

  /** The executors that are registered now; more may follow, see {@link ExecutorRegistration}. */
  public static Slots now(JavaSparkContext spark) {
    return new Slots(RegisteredExecutors.of(spark));
  }

  /** How many tasks the cluster runs at the same time. */
  public int count() {
    return executors.stream().mapToInt(RegisteredExecutor::slots).sum();
  }

  /**
   * How many of some tasks run at the same time on the executor that runs most of them. Tasks are
   * spread evenly, up to the slots of each executor; those without a slot wait.
   *
   * @param tasks how many tasks there are
   * @return at least 1
   */
  public int mostOnOneExecutor(int tasks) {
    int running = Math.min(tasks, count());
    int most = 1;
    while (runningWithAtMost(most) < running) {
      most++;
    }
    return most;
  }

  private int runningWithAtMost(int each) {
    return executors.stream().mapToInt(executor -> Math.min(executor.slots(), each)).sum();
  }

  /** How many times all slots must be used until some tasks are done. */
  public int waves(int tasks) {
    return Division.ceiling(tasks, Math.max(1, count()));
  }
}
