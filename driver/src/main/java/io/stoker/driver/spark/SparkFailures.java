// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.spark;

import io.stoker.failure.StokerException;
import java.util.function.Supplier;

/** Finds the exception of a task in the exceptions that Spark wraps around it. */
public final class SparkFailures {
  private SparkFailures() {}

  /**
   * Runs a Spark job.
   *
   * @throws StokerException the one with which a task failed, if a task failed with one
   */
  public static <T> T unwrapped(Supplier<T> job) {
    try {
      return job.get();
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare.
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof StokerException reason) {
          throw reason;
        }
      }
      throw e;
    }
  }
}
