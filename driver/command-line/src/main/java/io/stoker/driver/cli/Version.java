// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.spark.Scala;
import java.util.Optional;
import org.apache.hadoop.util.VersionInfo;

/** The versions of Stoker, Spark, Scala, Hadoop and Java. */
final class Version {
  private Version() {}

  /** Stoker's version, from the manifest of its jar; "development" if it runs from classes. */
  static String stoker() {
    return Optional.ofNullable(Version.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  static String spark() {
    return org.apache.spark.package$.MODULE$.SPARK_VERSION();
  }

  static String scala() {
    return Scala.version();
  }

  static String hadoop() {
    return VersionInfo.getVersion();
  }

  static String java() {
    return Runtime.version() + " (" + System.getProperty("java.vendor") + ")";
  }

  static String text() {
    return "stoker %s (Spark %s, Scala %s, Hadoop %s, Java %s)"
        .formatted(stoker(), spark(), scala(), hadoop(), java());
  }
}
