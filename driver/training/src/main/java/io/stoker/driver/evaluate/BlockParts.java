// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import io.stoker.data.pack.Broadcasts;
import io.stoker.driver.spark.Jobs;
import io.stoker.driver.spark.NumberedTasks;
import io.stoker.driver.spark.SparkFailures;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.rdd.RDD;
import org.apache.spark.util.SerializableConfiguration;

/** Shares out the blocks of a split: neighbouring ones, so that a task reads few shards. */
public final class BlockParts {
  /** Blocks {@code [from, to)} of a split. */
  public record Part(int from, int to) implements Serializable {}

  /** More results than these, which may be megabytes each, are merged on the executors. */
  private static final int MERGED_HERE = 8;

  /** What a task makes of its part. */
  public interface Task<T> extends Serializable {
    /**
     * Does it.
     *
     * @param part which blocks
     * @param hadoop how to reach storage
     */
    T run(Part part, Configuration hadoop) throws IOException;
  }

  private BlockParts() {}

  /**
   * Runs a task on the executors, on as many parts as there are slots, or blocks.
   *
   * @param spark the cluster
   * @param blocks how many blocks there are
   * @param task what is done to each part
   * @param merge makes one result of two
   * @return the result of all
   * @throws io.stoker.failure.StokerException the one that a task failed with, if it was one
   */
  public static <T> T reduce(
      JavaSparkContext spark, int blocks, Task<T> task, Function2<T, T, T> merge) {
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    try {
      List<Part> parts = parts(spark, blocks);
      NumberedTasks<T> tasks =
          new NumberedTasks<>(
              spark, parts.size(), part -> task.run(parts.get(part), hadoop.value().value()));
      return SparkFailures.unwrapped(() -> merged(tasks, merge));
    } finally {
      Broadcasts.destroy(hadoop);
    }
  }

  /** Computes the results of tasks, and merges them in their order. */
  static <T> T merged(RDD<T> tasks, Function2<T, T, T> merge) {
    return tasks.getNumPartitions() <= MERGED_HERE
        ? merged(Jobs.elements(tasks), merge)
        : Jobs.treeReduce(tasks, merge);
  }

  private static <T> T merged(List<T> results, Function2<T, T, T> merge) {
    try {
      T all = results.get(0);
      for (T each : results.subList(1, results.size())) {
        all = merge.call(all, each);
      }
      return all;
    } catch (Exception e) { // Spark's interface declares it; merging numbers throws none.
      throw new IllegalStateException(e);
    }
  }

  /** As many parts as there are slots, or blocks. */
  static List<Part> parts(JavaSparkContext spark, int blocks) {
    int count = Math.max(1, Math.min(blocks, spark.defaultParallelism()));
    List<Part> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(
          new Part((int) ((long) blocks * i / count), (int) ((long) blocks * (i + 1) / count)));
    }
    return List.copyOf(parts);
  }
}
