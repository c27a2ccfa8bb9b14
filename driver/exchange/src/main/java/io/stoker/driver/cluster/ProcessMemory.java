// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import com.sun.management.OperatingSystemMXBean;
import io.stoker.driver.spark.ByteSizes;
import java.lang.management.ManagementFactory;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The memory that a process may use.
 *
 * @param place the process, for messages
 * @param heap bytes of its heap
 * @param outside bytes outside the heap; 0 if it is not known
 * @param heapOption the option that gives it more heap
 */
public record ProcessMemory(String place, long heap, long outside, String heapOption) {
  private static final String NATIVE_LIMIT = "org.bytedeco.javacpp.maxbytes";

  /** The share of the heap that is left by Spark's own reserve and by small objects. */
  private static final double USABLE_HEAP = 0.6;

  /** The bytes of the heap that a job may count on. */
  public long usableHeap() {
    return (long) (heap * USABLE_HEAP);
  }

  /** The least heap of which so many bytes are usable. */
  public static long heapFor(long usable) {
    return (long) Math.ceil(usable / USABLE_HEAP);
  }

  /** The memory of each executor, as it is configured; with a local master that of the driver. */
  public static ProcessMemory ofExecutors(JavaSparkContext spark) {
    SparkConf conf = spark.getConf();
    if (spark.isLocal()) {
      return new ProcessMemory(
          "an executor", Runtime.getRuntime().maxMemory(), nativeBytes(), "--driver-memory");
    }
    return new ProcessMemory(
        "an executor",
        ByteSizes.bytes(conf.get("spark.executor.memory", "1g")),
        ByteSizes.mebibytes(conf.get("spark.executor.memoryOverhead", "0")),
        "--executor-memory");
  }

  /** The memory of this process. */
  public static ProcessMemory here() {
    return new ProcessMemory(
        "this process", Runtime.getRuntime().maxMemory(), nativeBytes(), "--driver-memory");
  }

  /** The limit of native memory of this process; without one, what the machine has. */
  private static long nativeBytes() {
    String limit = System.getProperty(NATIVE_LIMIT, "0");
    long bytes = limit.matches("[0-9]+[kmgKMG]?") ? ByteSizes.bytes(limit) : 0;
    return bytes > 0
        ? bytes
        : ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize();
  }
}
