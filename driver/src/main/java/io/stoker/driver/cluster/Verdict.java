package io.stoker.driver.cluster;

/**
 * What to think of one thing, and what to do about it.
 *
 * @param subject the thing
 * @param level how good it is
 * @param message what was found; and the remedy, where one is needed
 */
public record Verdict(String subject, Level level, String message) {
  /** How good a thing is. */
  public enum Level {
    /** As it should be. */
    OK,
    /** Jobs run, but slower, or with less of a promise. */
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
