// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.InputException;
import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import org.apache.spark.internal.config.Network$;
import org.apache.spark.internal.config.UI$;
import scala.Tuple2;

/**
 * The values of Spark's own keys. Spark reads some of them only where it needs them, when a job has
 * already begun, or on executors.
 */
public final class SparkSettings {
  /** Spark knows the keys of objects that are loaded: those of SparkConf's, and these. */
  @SuppressWarnings("unused") // Loading them is what they are for.
  private static final List<Object> KEYS = List.of(Network$.MODULE$, UI$.MODULE$);

  private SparkSettings() {}

  /**
   * Reads the value of each key of Spark's that is set.
   *
   * @throws InputException if one cannot be read
   */
  public static void check(SparkConf conf) {
    for (Tuple2<String, String> each : conf.getAll()) {
      ConfigEntry<?> key = ConfigEntry.findEntry(each._1());
      try {
        if (key != null) {
          conf.get(key);
        }
      } catch (IllegalArgumentException e) {
        throw new InputException(
            "Cannot read %s=%s: %s".formatted(each._1(), each._2(), e.getMessage()), e);
      }
    }
  }
}
