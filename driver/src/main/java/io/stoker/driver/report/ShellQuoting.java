package io.stoker.driver.report;

/** Words for a POSIX shell. */
public final class ShellQuoting {
  private ShellQuoting() {}

  /** A word as a shell takes it, in quotes where it needs them. */
  public static String quote(String word) {
    return word.matches("[A-Za-z0-9_./:@%+=-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
  }
}
