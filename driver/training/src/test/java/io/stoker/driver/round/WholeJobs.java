// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import java.nio.file.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Tests that train the tiny job in a folder and on a Spark of their class. */
abstract class WholeJobs {
  @TempDir static Path folder;

  static TinyJob job;
  static JavaSparkContext spark;

  @BeforeAll
  static void startSpark() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stopSpark() {
    spark.close();
  }
}
