package io.stoker.driver.spark;

import java.util.Comparator;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.ExecutorCacheTaskLocation;
import org.apache.spark.storage.BlockManagerId;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * Where the tasks of a stage would like to run: in their order along the executors, so that a task
 * is on the same executor in each stage, and finds there what it left. A wish, for which nobody
 * waits.
 *
 * @param executors as Spark writes them, in an order that stays; empty where any will do
 */
public record Placement(List<String> executors) {
  /** Any executor will do. */
  public static final Placement ANYWHERE = new Placement(List.of());

  /** Those of one host beside each other; as numbers, since 10 comes after 9. */
  private static final Comparator<BlockManagerId> ORDER =
      Comparator.comparing(BlockManagerId::host)
          .thenComparing(id -> id.executorId().length())
          .thenComparing(BlockManagerId::executorId);

  public Placement {
    executors = List.copyOf(executors);
  }

  /** Along the executors that are there now; anywhere for a local master. */
  public static Placement along(JavaSparkContext spark) {
    if (spark.isLocal()) {
      return ANYWHERE;
    }
    return new Placement(
        JavaConverters.mapAsJavaMap(spark.env().blockManager().master().getMemoryStatus())
            .keySet()
            .stream()
            .filter(id -> !id.isDriver())
            .sorted(ORDER)
            .map(id -> new ExecutorCacheTaskLocation(id.host(), id.executorId()).toString())
            .toList());
  }

  /**
   * The preferred locations of one of so many tasks.
   *
   * @param task its number, from 0
   * @param tasks how many there are
   */
  public Seq<String> of(int task, int tasks) {
    return Scala.list(
        executors.isEmpty()
            ? List.of()
            : List.of(executors.get((int) ((long) task * executors.size() / tasks))));
  }
}
