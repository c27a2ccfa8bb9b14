// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

/**
 * The result of examining one aspect of a cluster.
 *
 * @param subject the aspect, such as memory
 * @param level whether it is as it should be
 * @param message what was found, and the remedy if one is needed
 */
public record Finding(String subject, Level level, String message) {
  /** Whether an aspect is as it should be. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Jobs run, but slower, or with results that depend on the cluster. */
    WARNING,
    /** Jobs will fail. */
    PROBLEM
  }

  static Finding ok(String subject, String message) {
    return new Finding(subject, Level.OK, message);
  }

  static Finding warning(String subject, String message) {
    return new Finding(subject, Level.WARNING, message);
  }

  static Finding problem(String subject, String message) {
    return new Finding(subject, Level.PROBLEM, message);
  }
}
