// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import io.stoker.driver.spark.Blocks;
import io.stoker.worker.device.InstalledGpu;
import java.io.Serializable;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.apache.spark.SparkEnv;

/**
 * Facts about the process of a driver or an executor.
 *
 * @param executor Spark's name of it; {@code driver} for the driver
 * @param host its machine
 * @param java the version of Java
 * @param spark the version of Spark
 * @param processor the machine's processor
 * @param cores processors that the process may use
 * @param memoryBytes the machine's memory
 * @param heapBytes the largest heap
 * @param nativeLimit the limit of native memory for networks, as JavaCPP is configured
 * @param residentLimit the limit of all memory of the process, as JavaCPP is configured
 * @param gpus the graphics cards, as nvidia-smi lists them
 * @param engines the engines of the process
 */
public record ProcessFacts(
    String executor,
    String host,
    String java,
    String spark,
    Processor processor,
    int cores,
    long memoryBytes,
    long heapBytes,
    String nativeLimit,
    String residentLimit,
    List<InstalledGpu> gpus,
    List<EngineFacts> engines)
    implements Serializable {
  private static final String DRIVER = "driver";
  private static final String NATIVE_LIMIT = "org.bytedeco.javacpp.maxbytes";
  private static final String RESIDENT_LIMIT = "org.bytedeco.javacpp.maxphysicalbytes";

  public ProcessFacts {
    gpus = List.copyOf(gpus);
    engines = List.copyOf(engines);
  }

  /** Gathered by the first task that asks, and kept, because engines take a while to start. */
  private static final class Gathered {
    private static final ProcessFacts HERE = gather();
  }

  /** Whether the process is a driver, as that of a local master is. */
  boolean isDriver() {
    return executor.equals(DRIVER);
  }

  /** The facts of this process. */
  public static ProcessFacts here() {
    return Gathered.HERE;
  }

  private static ProcessFacts gather() {
    SparkEnv spark = SparkEnv.get();
    List<InstalledGpu> gpus = InstalledGpu.list();
    return new ProcessFacts(
        spark == null ? DRIVER : spark.executorId(),
        spark == null ? "localhost" : Blocks.here().host(),
        Runtime.version().toString(),
        org.apache.spark.package$.MODULE$.SPARK_VERSION(),
        Processor.here(),
        Runtime.getRuntime().availableProcessors(),
        ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
            .getTotalMemorySize(),
        Runtime.getRuntime().maxMemory(),
        limit(NATIVE_LIMIT),
        limit(RESIDENT_LIMIT),
        gpus,
        EngineFacts.here(gpus));
  }

  private static String limit(String property) {
    String value = System.getProperty(property, "the library's default");
    return value.equals("0") ? "no limit" : value;
  }
}
