// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.util.List;
import org.apache.spark.Partition;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.scheduler.MapStatus;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;

/**
 * What cannot be written once for all lines of Spark. This is the class for Spark 3.5; the build
 * takes the one of the line that it is for.
 */
final class SparkLine {
  /** The line's name, as in the profile of the build. */
  static final String NAME = "3.5";

  /** The versions of Spark that this build runs on, as text and as a regular expression. */
  static final String SPARK = "3.5";

  static final String SPARK_PATTERN = "3[.]5[.].*";

  /** The version of Scala that this build runs on. */
  static final String SCALA = "2.12";

  /** The versions of Java that this build runs on, as text and as the first of each release. */
  static final String JAVA = "17 or 21";

  static final List<Runtime.Version> JAVAS =
      List.of(Runtime.Version.parse("17"), Runtime.Version.parse("21"));

  private SparkLine() {}

  /** Stores bytes as a block of this process, and does not tell the driver. */
  static void putBytes(
      BlockManager manager, BlockId block, ChunkedByteBuffer bytes, StorageLevel level) {
    manager.putBytes(block, bytes, level, false, Scala.tag(Object.class));
  }

  /**
   * The shuffle writer that Spark calls in each map task.
   *
   * @param files writes the file, where it can; where it cannot, Spark's own writer does
   */
  static ShuffleWriteProcessor shuffleWriter(ShuffleFileWriter<?> files) {
    return new Writer(files);
  }

  private static final class Writer extends ShuffleWriteProcessor {
    private static final long serialVersionUID = 1L;

    private final ShuffleFileWriter<?> files;

    Writer(ShuffleFileWriter<?> files) {
      this.files = files;
    }

    @Override
    public MapStatus write(
        RDD<?> records,
        ShuffleDependency<?, ?, ?> shuffle,
        long mapId,
        TaskContext context,
        Partition partition) {
      if (!files.canWrite(shuffle)) {
        return super.write(records, shuffle, mapId, context, partition);
      }
      long[] lengths =
          files.write(
              records.iterator(partition, context),
              shuffle,
              mapId,
              context,
              createMetricsReporter(context));
      return MapStatus.apply(SparkEnv.get().blockManager().shuffleServerId(), lengths, mapId);
    }
  }
}
