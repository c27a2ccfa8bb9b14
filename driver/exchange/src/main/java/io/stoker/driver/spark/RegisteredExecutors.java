// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.time.Instant;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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

  /** Says that executors are there, and none has a slot. */
  public static final String NO_SLOT =
      "No executor has as many cores, or as much of another resource, as one task takes"
          + " (spark.task.cpus, spark.task.resource.*, --executor-cores)";

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
    return ofCluster(spark)
        .filter(each -> !isLeaving(spark, each.id()))
        .map(
            each ->
                new RegisteredExecutor(
                    each.id(),
                    host(each.hostPort()),
                    slots(spark.getConf(), each),
                    each.addTime().toInstant()))
        .toList();
  }

  /** Whether a cluster's executor is there, even if it was told to leave, and may run tasks. */
  public static boolean isThereAny(JavaSparkContext spark) {
    return ofCluster(spark).findAny().isPresent();
  }

  /** Whether one of the executors that are there has a slot, busy or not, as far as Spark knows. */
  public static boolean mayHaveSlot(JavaSparkContext spark) {
    return ofCluster(spark)
        .anyMatch(each -> each.totalCores() == 0 || slots(spark.getConf(), each) > 0);
  }

  private static Stream<ExecutorSummary> ofCluster(JavaSparkContext spark) {
    return spark.sc().isStopped()
        ? Stream.empty()
        : Scala.list(spark.sc().statusStore().executorList(true)).stream()
            .filter(each -> !each.id().equals(DRIVER));
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
