// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import com.sun.management.OperatingSystemMXBean;
import io.stoker.driver.spark.ByteSizes;
import java.lang.management.ManagementFactory;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

  private static final Pattern NATIVE_OPTION =
      Pattern.compile("(?i)-D" + Pattern.quote(NATIVE_LIMIT) + "=([^\\s\"']*)");

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
        configuredOutside(conf),
        "--executor-memory");
  }

  /**
   * The limit outside the heap that a configuration sets; 0 if it sets none. Where it sets no
   * overhead, that is JavaCPP's, which does not bind what a job has on graphics cards.
   */
  static long configuredOutside(SparkConf conf) {
    long overhead = ByteSizes.mebibytes(conf.get("spark.executor.memoryOverhead", "0"));
    if (overhead > 0 || GpuRequest.isIn(conf)) {
      return overhead;
    }
    Matcher option =
        NATIVE_OPTION.matcher(
            conf.get("spark.executor.defaultJavaOptions", "")
                + " "
                + conf.get("spark.executor.extraJavaOptions", ""));
    String limit = "0";
    while (option.find()) { // The last one counts.
      limit = option.group(1);
    }
    return bytes(limit);
  }

  /** A limit as JavaCPP reads it; 0 for no limit, and for one that is relative to the heap. */
  private static long bytes(String limit) {
    return limit.matches("(?i)[0-9]+[kmgt]?b?") ? ByteSizes.bytes(limit) : 0;
  }

  /** The memory of this process. */
  public static ProcessMemory here() {
    return new ProcessMemory(
        "this process", Runtime.getRuntime().maxMemory(), nativeBytes(), "--driver-memory");
  }

  /** The limit of native memory of this process; without one, what the machine has. */
  private static long nativeBytes() {
    long bytes = bytes(System.getProperty(NATIVE_LIMIT, "0"));
    return bytes > 0
        ? bytes
        : ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize();
  }
}
