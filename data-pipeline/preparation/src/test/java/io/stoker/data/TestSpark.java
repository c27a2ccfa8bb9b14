// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;

/** A Spark of so many slots in this process. */
public final class TestSpark {
  private TestSpark() {}

  /** The caller closes it. */
  public static JavaSparkContext local(int slots) {
    return new JavaSparkContext(
        new SparkConf()
            .setMaster("local[" + slots + "]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.sql.shuffle.partitions", "2"));
  }
}
