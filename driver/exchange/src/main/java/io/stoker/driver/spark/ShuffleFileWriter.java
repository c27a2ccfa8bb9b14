// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.shuffle.ShuffleWriteMetricsReporter;
import org.apache.spark.shuffle.api.ShuffleMapOutputWriter;
import org.apache.spark.shuffle.api.ShufflePartitionWriter;
import org.apache.spark.shuffle.api.WritableByteChannelWrapper;
import org.apache.spark.shuffle.sort.SortShuffleManager;
import org.apache.spark.shuffle.sort.io.LocalDiskShuffleDataIO;
import org.apache.spark.shuffle.sort.io.LocalDiskShuffleExecutorComponents;
import scala.Tuple2;
import scala.collection.Iterator;

/**
 * Writes the records of a map task into its shuffle file as they come, because they come in the
 * order of their partitions. Spark's own writers do not know of this order. One of them writes a
 * file for each partition and then copies all of them into one; the other one, with more than 200
 * partitions, keeps all records in the heap.
 *
 * <p>The file is one that Spark's shuffle reads, serves and deletes, and a lost file is computed
 * again like any other. {@link SparkLine} calls this class from Spark's {@code
 * ShuffleWriteProcessor}.
 *
 * @param <V> the type of a record
 */
final class ShuffleFileWriter<V> implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final String DATA_IO = "spark.shuffle.sort.io.plugin.class";
  private static final String LOCAL_DISKS = LocalDiskShuffleDataIO.class.getName();
  private static final String COMPRESS = "spark.shuffle.compress";
  private static final long[] NO_CHECKSUMS = {};

  private final RecordFormat<V> format;

  ShuffleFileWriter(RecordFormat<V> format) {
    this.format = format;
  }

  /**
   * Whether this class can write the files of a shuffle: the shuffle is Spark's own, on local
   * disks, and stores bytes as they are. Otherwise Spark's own writer must.
   */
  boolean canWrite(ShuffleDependency<?, ?, ?> shuffle) {
    SparkEnv spark = SparkEnv.get();
    SparkConf conf = spark.conf();
    return spark.shuffleManager().getClass() == SortShuffleManager.class
        && conf.get(DATA_IO, LOCAL_DISKS).equals(LOCAL_DISKS)
        && !conf.getBoolean(COMPRESS, true)
        && !spark.serializerManager().encryptionEnabled()
        && !shuffle.shuffleMergeEnabled();
  }

  /**
   * Writes the file of a map task.
   *
   * @param records the task's, as Spark passes them: pairs of a partition and a record
   * @param shuffle the shuffle
   * @param mapId Spark's number of the file
   * @param context the task's
   * @param metrics where the bytes are counted
   * @return the bytes of each partition
   */
  long[] write(
      Iterator<?> records,
      ShuffleDependency<?, ?, ?> shuffle,
      long mapId,
      TaskContext context,
      ShuffleWriteMetricsReporter metrics) {
    SparkEnv spark = SparkEnv.get();
    SortShuffleManager manager = (SortShuffleManager) spark.shuffleManager();
    // The writer itself is not used. Asking for it registers the file with the manager, which
    // otherwise would not delete it with the shuffle.
    manager.getWriter(shuffle.shuffleHandle(), mapId, context, metrics);
    try {
      ShuffleMapOutputWriter out =
          new LocalDiskShuffleExecutorComponents(
                  spark.conf(), spark.blockManager(), manager.shuffleBlockResolver())
              .createMapOutputWriter(
                  shuffle.shuffleId(), mapId, shuffle.partitioner().numPartitions());
      try {
        writeAll(records, out, metrics);
        return out.commitAllPartitions(NO_CHECKSUMS).getPartitionLengths();
      } catch (Throwable e) {
        out.abort(e);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @SuppressWarnings("unchecked") // Spark has lost the type of the records.
  private void writeAll(
      Iterator<?> records, ShuffleMapOutputWriter out, ShuffleWriteMetricsReporter metrics)
      throws IOException {
    RecordSerializer<V> serializer = new RecordSerializer<>(format);
    while (records.hasNext()) {
      V record = (V) ((Tuple2<?, ?>) records.next())._2();
      long start = System.nanoTime();
      ShufflePartitionWriter partition = out.getPartitionWriter(format.partition(record));
      try (WritableByteChannelWrapper opened = partition.openChannelWrapper().orElseThrow()) {
        for (ByteBuffer part : serializer.write(record)) {
          write(part, opened.channel());
        }
      }
      metrics.incBytesWritten(partition.getNumBytesWritten());
      metrics.incRecordsWritten(1);
      metrics.incWriteTime(System.nanoTime() - start);
    }
  }

  private static void write(ByteBuffer bytes, WritableByteChannel channel) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
