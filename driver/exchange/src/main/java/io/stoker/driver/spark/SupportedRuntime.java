// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.ResourceException;
import java.util.stream.Collectors;

/**
 * Whether this build runs on the Java, Spark and Scala that run it. Without this check a program on
 * the wrong ones ends somewhere inside with an error of Java's linker.
 */
public final class SupportedRuntime {
  private SupportedRuntime() {}

  /** Whether this build runs on a version of Java. */
  public static boolean runsOn(Runtime.Version java) {
    return SparkLine.JAVAS.stream()
        .anyMatch(
            first -> first.feature() == java.feature() && first.compareToIgnoreOptional(java) <= 0);
  }

  /** The versions of Java that this build runs on, as text. */
  public static String javas() {
    return SparkLine.JAVA;
  }

  /**
   * Checks the versions of this process.
   *
   * @throws ResourceException if this build does not run on them
   */
  public static void check() {
    try {
      check(Runtime.version(), org.apache.spark.package$.MODULE$.SPARK_VERSION(), Scala.version());
    } catch (LinkageError e) { // Its message names a class of Spark or Scala.
      throw new ResourceException(
          "No Spark on the class path; start Stoker with spark-submit, or with its launcher", e);
    }
  }

  /**
   * Checks versions.
   *
   * @param java such as 17.0.15
   * @param spark such as 3.5.9
   * @param scala such as 2.12.18
   * @throws ResourceException if this build does not run on them
   */
  static void check(Runtime.Version java, String spark, String scala) {
    if (!runsOn(java)) {
      throw new ResourceException(
          "This is Java %s, and Stoker for Spark %s runs on Java %s; set JAVA_HOME to one of them"
              .formatted(
                  java.version().stream().map(String::valueOf).collect(Collectors.joining(".")),
                  SparkLine.NAME,
                  javas()));
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
