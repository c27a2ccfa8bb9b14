package io.stoker.driver.averaging;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import org.apache.spark.Partition;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.scheduler.MapStatus;
import org.apache.spark.shuffle.ShuffleWriteMetricsReporter;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import org.apache.spark.shuffle.api.ShuffleMapOutputWriter;
import org.apache.spark.shuffle.api.ShufflePartitionWriter;
import org.apache.spark.shuffle.api.WritableByteChannelWrapper;
import org.apache.spark.shuffle.sort.SortShuffleManager;
import org.apache.spark.shuffle.sort.io.LocalDiskShuffleDataIO;
import org.apache.spark.shuffle.sort.io.LocalDiskShuffleExecutorComponents;
import scala.Tuple2;
import scala.collection.Iterator;

/**
 * Writes a worker's pieces into its shuffle file as they come: they are in the order of their
 * partitions already. Spark's own writers do not know that. One of them writes a file a partition
 * and then copies all into one; the other one, with more than 200 partitions, holds the whole model
 * on the heap.
 *
 * <p>What is written is what Spark's shuffle reads, serves and deletes, and a lost file is made
 * again as any other. Where the shuffle is not Spark's own on local disks, or compresses or
 * encrypts, its own writer does the work.
 */
final class WorkerSliceWriteProcessor extends ShuffleWriteProcessor {
  private static final long serialVersionUID = 1L;
  private static final String DATA_IO = "spark.shuffle.sort.io.plugin.class";
  private static final String LOCAL_DISKS = LocalDiskShuffleDataIO.class.getName();
  private static final String COMPRESS = "spark.shuffle.compress";
  private static final long[] NO_CHECKSUMS = {};

  @Override
  public MapStatus write(
      RDD<?> pieces,
      ShuffleDependency<?, ?, ?> shuffle,
      long mapId,
      TaskContext context,
      Partition worker) {
    SparkEnv spark = SparkEnv.get();
    if (!isPlain(spark) || shuffle.shuffleMergeEnabled()) {
      return super.write(pieces, shuffle, mapId, context, worker);
    }
    SortShuffleManager manager = (SortShuffleManager) spark.shuffleManager();
    ShuffleWriteMetricsReporter metrics = createMetricsReporter(context);
    // Asked for and not used: so the manager knows of this file when it deletes the shuffle's.
    manager.getWriter(shuffle.shuffleHandle(), mapId, context, metrics);
    try {
      ShuffleMapOutputWriter out =
          new LocalDiskShuffleExecutorComponents(
                  spark.conf(), spark.blockManager(), manager.shuffleBlockResolver())
              .createMapOutputWriter(
                  shuffle.shuffleId(), mapId, shuffle.partitioner().numPartitions());
      try {
        writeAll(pieces.iterator(worker, context), out, metrics);
        long[] lengths = out.commitAllPartitions(NO_CHECKSUMS).getPartitionLengths();
        return MapStatus.apply(spark.blockManager().shuffleServerId(), lengths, mapId);
      } catch (Throwable e) {
        out.abort(e);
        throw e;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the shuffle is Spark's own, on local disks, of bytes as they are. */
  private static boolean isPlain(SparkEnv spark) {
    SparkConf conf = spark.conf();
    return spark.shuffleManager().getClass() == SortShuffleManager.class
        && conf.get(DATA_IO, LOCAL_DISKS).equals(LOCAL_DISKS)
        && !conf.getBoolean(COMPRESS, true)
        && !spark.serializerManager().encryptionEnabled();
  }

  private static void writeAll(
      Iterator<?> pieces, ShuffleMapOutputWriter out, ShuffleWriteMetricsReporter metrics)
      throws IOException {
    while (pieces.hasNext()) {
      WorkerSlice piece = (WorkerSlice) ((Tuple2<?, ?>) pieces.next())._2();
      long start = System.nanoTime();
      ShufflePartitionWriter partition = out.getPartitionWriter(piece.slice());
      try (WritableByteChannelWrapper opened = partition.openChannelWrapper().orElseThrow()) {
        write(WorkerSliceSerializer.header(piece), opened.channel());
        write(ByteBuffer.wrap(piece.content()), opened.channel());
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
