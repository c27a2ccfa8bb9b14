// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

/** The lines of Spark. */
public final class SparkLines {
  private SparkLines() {}

  /** The line that these classes were compiled for: 3.5 or 4. */
  public static String compiledFor() {
    return SparkLine.NAME;
  }
}
