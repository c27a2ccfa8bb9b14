// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.InputException;
import org.apache.spark.SparkConf;
import org.apache.spark.internal.config.ConfigEntry;
import scala.Tuple2;

/**
 * The values of Spark's own keys. Spark reads some of them only where it needs them, when a job has
 * already begun, or on executors.
 */
public final class SparkSettings {
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
