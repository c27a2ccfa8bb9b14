// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.ResourceException;

/**
 * Whether this build runs on the Java, Spark and Scala that run it. Without this check a program on
 * the wrong ones ends somewhere inside with an error of Java's linker.
 */
public final class SupportedRuntime {
  private SupportedRuntime() {}

  /**
   * Checks the versions of this process.
   *
   * @throws ResourceException if this build does not run on them
   */
  public static void check() {
    try {
      check(
          Runtime.version().feature(),
          org.apache.spark.package$.MODULE$.SPARK_VERSION(),
          Scala.version());
    } catch (LinkageError e) { // Its message names a class of Spark or Scala.
      throw new ResourceException(
          "No Spark on the class path; start Stoker with spark-submit, or with its launcher", e);
    }
  }

  /**
   * Checks versions.
   *
   * @param java such as 17
   * @param spark such as 3.5.9
   * @param scala such as 2.12.18
   * @throws ResourceException if this build does not run on them
   */
  static void check(int java, String spark, String scala) {
    if (java != 17 && java != 21) {
      throw new ResourceException(
          "This is Java "
              + java
              + ", and Stoker runs on Java 17 and 21; set JAVA_HOME to one of them");
    }
    if (!spark.matches(SparkLine.SPARK_PATTERN) || !scala.startsWith(SparkLine.SCALA + ".")) {
      throw new ResourceException(
          "This is Spark %s with Scala %s, and this build of Stoker runs on Spark %s with Scala %s;"
                  .formatted(spark, scala, SparkLine.SPARK, SparkLine.SCALA)
              + " take the one for your Spark (stoker_3.5_2.12: Spark 3.5; stoker_4_2.13: Spark 4.1"
              + " to 4.3)");
    }
  }
}
