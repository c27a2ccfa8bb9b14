// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.Dependency;
import org.apache.spark.Partitioner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.rdd.ShuffledRDD;
import scala.Option;
import scala.Tuple2;

/**
 * Spark's shuffle of records to the partitions that they name. Each map task must yield its records
 * in the order of their partitions, one a partition: {@link ShuffleFileWriter} relies on it.
 *
 * @param <V> the type of a record
 */
public final class PartitionShuffle<V> extends ShuffledRDD<Integer, V, V> {
  private static final long serialVersionUID = 1L;

  private static final long POLL_MILLISECONDS = 200;

  private final transient RDD<Tuple2<Integer, V>> records;
  private final transient Partitioner partitioner;
  private final transient RecordFormat<V> format;
  private final transient Class<V> type;

  /**
   * @param records the records, with their partitions as keys
   * @param partitions how many partitions there are
   * @param format how records are written
   * @param type the class of a record
   */
  public PartitionShuffle(
      RDD<Tuple2<Integer, V>> records, int partitions, RecordFormat<V> format, Class<V> type) {
    this(records, new ByKey(partitions), format, type);
  }

  private PartitionShuffle(
      RDD<Tuple2<Integer, V>> records,
      Partitioner partitioner,
      RecordFormat<V> format,
      Class<V> type) {
    super(records, partitioner, Scala.tag(Integer.class), Scala.tag(type), Scala.tag(type));
    this.records = records;
    this.partitioner = partitioner;
    this.format = format;
    this.type = type;
  }

  /** Sends a record to the partition that its key names. */
  private static final class ByKey extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final int partitions;

    ByKey(int partitions) {
      this.partitions = partitions;
    }

    @Override
    public int numPartitions() {
      return partitions;
    }

    @Override
    public int getPartition(Object key) {
      return (Integer) key;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByKey that && that.partitions == partitions;
    }

    @Override
    public int hashCode() {
      return Integer.hashCode(partitions);
    }
  }

  /** Spark asks once, on the driver. */
  @Override
  public scala.collection.immutable.Seq<Dependency<?>> getDependencies() {
    return Scala.seq(
        List.of(
            new ShuffleDependency<Integer, V, V>(
                records,
                partitioner,
                new RecordSerializer<>(format),
                Option.empty(),
                Option.empty(),
                false,
                SparkLine.shuffleWriter(new ShuffleFileWriter<>(format)),
                Scala.tag(Integer.class),
                Scala.tag(type),
                Scala.tag(type))));
  }

  /**
   * Runs the map stage: has the records computed and written to shuffle files, and waits for it.
   *
   * @param meanwhile is called by this thread several times a second; if it throws an exception or
   *     an error, it is not called again, and that is thrown when the stage has ended. A stage that
   *     is cancelled in the middle would leave its tasks running for a while, and Spark would log
   *     them
   * @param cancellation as often asked for a reason to cancel the stage, which is then thrown
   * @throws IllegalStateException if this thread is interrupted; the stage is cancelled then
   */
  @SuppressWarnings("unchecked") // the one dependency is that of getDependencies
  public void write(Runnable meanwhile, Supplier<Optional<RuntimeException>> cancellation) {
    SimpleFutureAction<?> stage =
        sparkContext().submitMapStage((ShuffleDependency<Integer, V, V>) dependencies().apply(0));
    Optional<Throwable> failure = Optional.empty();
    try {
      while (!Scala.isReady(stage, POLL_MILLISECONDS)) {
        if (failure.isEmpty()) {
          failure = failureOf(meanwhile);
        }
        Optional<RuntimeException> reason = cancellation.get();
        if (reason.isPresent()) {
          stage.cancel();
          throw reason.get();
        }
      }
      Scala.await(stage);
    } catch (InterruptedException e) {
      stage.cancel();
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while a stage runs", e);
    }
    if (failure.isPresent()) {
      SparkFailures.rethrow(failure.get());
    }
  }

  private static Optional<Throwable> failureOf(Runnable action) {
    try {
      action.run();
      return Optional.empty();
    } catch (Exception | Error e) { // Also Spark's checked exceptions, which are undeclared.
      return Optional.of(e);
    }
  }

  /** Deletes the shuffle files of all executors, and waits until they are deleted. */
  public void delete() {
    ShuffleCleanup.delete(this);
  }
}
