package io.stoker.driver;

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
    return new JavaSparkContext(
        new SparkConf()
            .setMaster(master)
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.bindAddress", "127.0.0.1"));
  }
}
