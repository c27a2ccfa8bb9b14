// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.scheduler.MapStatus;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import scala.collection.Iterator;

/**
 * What cannot be written once for all lines of Spark. This is the class for Spark 4; the build
 * takes the one of the line that it is for.
 */
final class SparkLine {
  /** The versions of Spark that this build runs on, as text and as a regular expression. */
  static final String SPARK = "4.1 or later";

  static final String SPARK_PATTERN = "4[.][1-9].*";

  /** The version of Scala that this build runs on. */
  static final String SCALA = "2.13";

  /** Spark 4's own value for map outputs without a checksum. */
  private static final long NO_CHECKSUM = 0;

  /** The line's name, as in the profile of the build. */
  static final String NAME = "4";

  private SparkLine() {}

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
        Iterator<Object> records,
        ShuffleDependency<?, ?, ?> shuffle,
        long mapId,
        int mapIndex,
        TaskContext context) {
      if (!files.canWrite(shuffle)) {
        return super.write(records, shuffle, mapId, mapIndex, context);
      }
      long[] lengths =
          files.write(records, shuffle, mapId, context, createMetricsReporter(context));
      return MapStatus.apply(
          SparkEnv.get().blockManager().shuffleServerId(), lengths, mapId, NO_CHECKSUM);
    }
  }
}
