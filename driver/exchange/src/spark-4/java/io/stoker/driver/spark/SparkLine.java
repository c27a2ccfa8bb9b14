// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.List;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.scheduler.MapStatus;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.io.ChunkedByteBuffer;
import scala.Option;
import scala.collection.Iterator;
import scala.reflect.ClassTag;

/**
 * What cannot be written once for all lines of Spark. This is the class for Spark 4; the build
 * takes the one of the line that it is for.
 */
final class SparkLine {
  /** The versions of Spark that this build runs on, as text and as a regular expression. */
  static final String SPARK = "4.1 to 4.3";

  static final String SPARK_PATTERN = "4[.][1-3][.].*";

  /** The version of Scala that this build runs on. */
  static final String SCALA = "2.13";

  /** The versions of Java that this build runs on, as text and as the first of each release. */
  static final String JAVA = "17, 21 or 25 (from 25.0.3)";

  static final List<Runtime.Version> JAVAS =
      List.of(
          Runtime.Version.parse("17"),
          Runtime.Version.parse("21"),
          Runtime.Version.parse("25.0.3")); // has the fix of JDK-8377811

  /** Spark 4's own value for map outputs without a checksum. */
  private static final long NO_CHECKSUM = 0;

  /** The line's name, as in the profile of the build. */
  static final String NAME = "4";

  private static final MethodHandle PUT_BYTES = findPutBytes();

  private SparkLine() {}

  /**
   * Finds the method of the block manager that stores bytes. Spark 4.3 gave it two more parameters,
   * with which it can check a checksum: a compiled call links on 4.3, or on 4.1 and 4.2. Stoker
   * calls no other method whose parameters changed.
   */
  private static MethodHandle findPutBytes() {
    MethodHandles.Lookup spark = MethodHandles.publicLookup();
    MethodType type =
        MethodType.methodType(
            boolean.class,
            BlockId.class,
            ChunkedByteBuffer.class,
            StorageLevel.class,
            boolean.class,
            ClassTag.class);
    int checksum = type.parameterCount() - 1;
    MethodType since43 = type.insertParameterTypes(checksum, Option.class, boolean.class);
    try {
      return spark.findVirtual(BlockManager.class, "putBytes", type);
    } catch (ReflectiveOperationException before43) {
      try {
        return MethodHandles.insertArguments(
            spark.findVirtual(BlockManager.class, "putBytes", since43),
            1 + checksum,
            Option.empty(),
            false);
      } catch (ReflectiveOperationException e) {
        e.addSuppressed(before43);
        throw new LinkageError("Spark stores bytes in another way than 4.1 to 4.3 do", e);
      }
    }
  }

  /** Stores bytes as a block of this process, and does not tell the driver. */
  static void putBytes(
      BlockManager manager, BlockId block, ChunkedByteBuffer bytes, StorageLevel level) {
    try {
      boolean unused =
          (boolean)
              PUT_BYTES.invokeExact(manager, block, bytes, level, false, Scala.tag(Object.class));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) { // Scala declares nothing: the task was interrupted.
      throw new IllegalStateException("Cannot store " + block, e);
    }
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
