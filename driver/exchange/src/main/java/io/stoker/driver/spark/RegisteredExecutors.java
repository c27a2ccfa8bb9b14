// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.Tuple2;

/**
 * The executors of a cluster with their slots, from one source: Spark's store of application
 * status, which follows the events of its scheduler. Spark also counts slots in its scheduler and
 * executors in its block manager; while executors register, these two counters contradict each
 * other.
 */
public final class RegisteredExecutors {
  private static final Pattern TASK_RESOURCE =
      Pattern.compile("spark\\.task\\.resource\\.(.+)\\.amount");
  private static final String DRIVER = "driver";

  private RegisteredExecutors() {}

  /**
   * The executors that are there now and take tasks: not those that were told to leave the cluster.
   * With a local master, the driver is the only one.
   */
  public static List<RegisteredExecutor> of(JavaSparkContext spark) {
    SparkContext context = spark.sc();
    if (context.isStopped()) {
      return List.of();
    }
    if (spark.isLocal()) { // Its slots never change, and are known before the first event arrives.
      ResourceProfile tasks = context.resourceProfileManager().defaultResourceProfile();
      return List.of(
          new RegisteredExecutor(
              DRIVER,
              Blocks.here().host(),
              context.maxNumConcurrentTasks(tasks),
              Instant.ofEpochMilli(context.startTime())));
    }
    List<RegisteredExecutor> executors = new ArrayList<>();
    for (ExecutorSummary each : Scala.list(context.statusStore().executorList(true))) {
      if (!each.id().equals(DRIVER) && !isLeaving(spark, each.id())) {
        executors.add(
            new RegisteredExecutor(
                each.id(),
                host(each.hostPort()),
                slots(spark.getConf(), each),
                each.addTime().toInstant()));
      }
    }
    return List.copyOf(executors);
  }

  /** Whether a cluster's executor is there, even if it was told to leave, and may run tasks. */
  public static boolean isThereAny(JavaSparkContext spark) {
    return !spark.sc().isStopped()
        && Scala.list(spark.sc().statusStore().executorList(true)).stream()
            .anyMatch(each -> !each.id().equals(DRIVER));
  }

  /** Whether an executor was told to leave the cluster, which Spark calls decommissioning. */
  public static boolean isLeaving(JavaSparkContext spark, String executor) {
    return spark.sc().taskScheduler().getExecutorDecommissionState(executor).isDefined();
  }

  private static String host(String hostPort) {
    int colon = hostPort.lastIndexOf(':');
    return colon < 0 ? hostPort : hostPort.substring(0, colon);
  }

  /** Cores and other resources of an executor, by what one task takes of each. */
  private static int slots(SparkConf conf, ExecutorSummary executor) {
    int slots = executor.totalCores() / Math.max(1, conf.getInt("spark.task.cpus", 1));
    for (Tuple2<String, String> entry : conf.getAll()) {
      Matcher resource = TASK_RESOURCE.matcher(entry._1());
      if (resource.matches()) {
        double amount = Double.parseDouble(entry._2());
        int addresses = addresses(executor, resource.group(1));
        slots = Math.min(slots, tasksOn(addresses, amount));
      }
    }
    return slots;
  }

  private static int addresses(ExecutorSummary executor, String resource) {
    return Scala.map(executor.resources()).containsKey(resource)
        ? Scala.map(executor.resources()).get(resource).addresses().length
        : 0;
  }

  /** Tasks may share an address only where each takes less than one. */
  private static int tasksOn(int addresses, double amount) {
    return amount < 1 ? addresses * (int) (1 / amount) : addresses / (int) amount;
  }
}
