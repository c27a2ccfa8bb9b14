// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.InputException;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.Network$;
import org.apache.spark.internal.config.Status$;
import org.apache.spark.internal.config.UI$;
import org.apache.spark.io.CompressionCodec;
import scala.Tuple2;

/**
 * The values of Spark's own keys. Spark reads some of them only where it needs them, when a job has
 * already begun, or on executors. It describes most of its keys; of the others nothing is checked.
 */
public final class SparkSettings {
  /** Spark knows the keys of objects that are loaded: those of SparkConf's, and these. */
  @SuppressWarnings("unused") // Loading them is what they are for.
  private static final List<Object> KEYS = List.of(Network$.MODULE$, Status$.MODULE$, UI$.MODULE$);

  private static final String DYNAMIC_ALLOCATION = "spark.dynamicAllocation.";

  /** Keys of Spark's other processes, which may be in the same file as a job's. */
  private static final List<String> OTHERS =
      List.of("spark.history.", "spark.master.", "spark.worker.");

  private SparkSettings() {}

  /**
   * Reads the value of each key that is set, and that a job reads.
   *
   * @throws InputException if one cannot be read
   */
  public static void check(SparkConf conf) {
    boolean isDynamic = Boolean.parseBoolean(conf.get(DYNAMIC_ALLOCATION + "enabled", ""));
    for (Tuple2<String, String> each : conf.getAll()) {
      if (isRead(each._1(), isDynamic)) {
        try {
          read(each._1(), conf);
        } catch (Exception e) { // Spark does not declare those of a codec's constructor.
          throw new InputException(
              "Cannot read %s=%s: %s".formatted(each._1(), each._2(), reason(e)), e);
        }
      }
    }
  }

  private static String reason(Exception failure) {
    return failure instanceof IllegalArgumentException ? failure.getMessage() : failure.toString();
  }

  private static void read(String key, SparkConf conf) {
    ConfigEntry<?> entry = ConfigEntry.findEntry(key);
    if (entry != null) {
      conf.get(entry);
    }
    switch (key) {
      case "spark.default.parallelism" -> conf.getInt(key, 1); // Spark 3.5 does not describe it.
      case "spark.io.compression.codec" -> CompressionCodec.createCodec(conf); // or a class's name
      default -> {}
    }
  }

  private static boolean isRead(String key, boolean isDynamic) {
    return OTHERS.stream().noneMatch(key::startsWith)
        && (isDynamic || !key.startsWith(DYNAMIC_ALLOCATION) || key.endsWith(".enabled"));
  }
}
