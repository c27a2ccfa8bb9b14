// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** Spark in the test's process. */
public final class LocalSpark {
  private LocalSpark() {}

  /**
   * Starts it; only one may run at a time.
   *
   * @param master such as {@code local[2]}
   */
  public static JavaSparkContext start(String master) {
    return start(master, Map.of());
  }

  /**
   * Starts it with a configuration of its own.
   *
   * @param conf beside, and before, that of the tests, which is the command line's
   */
  public static JavaSparkContext start(String master, Map<String, String> conf) {
    SparkConf all =
        new SparkConf()
            .setMaster(master)
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.shuffle.compress", "false")
            .set("spark.driver.bindAddress", "127.0.0.1");
    conf.forEach(all::set);
    return new JavaSparkContext(all);
  }
}
