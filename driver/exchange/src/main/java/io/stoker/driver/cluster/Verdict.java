// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

/**
 * The result of examining one aspect of a cluster.
 *
 * @param subject the aspect, such as memory
 * @param level whether it is as it should be
 * @param message what was found, and the remedy if one is needed
 */
public record Verdict(String subject, Level level, String message) {
  /** Whether an aspect is as it should be. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Jobs run, but slower, or with results that depend on the cluster. */
    WARNING,
    /** Jobs will fail. */
    PROBLEM
  }

  static Verdict ok(String subject, String message) {
    return new Verdict(subject, Level.OK, message);
  }

  static Verdict warning(String subject, String message) {
    return new Verdict(subject, Level.WARNING, message);
  }

  static Verdict problem(String subject, String message) {
    return new Verdict(subject, Level.PROBLEM, message);
  }
}
