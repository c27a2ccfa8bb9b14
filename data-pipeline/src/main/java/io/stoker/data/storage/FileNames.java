package io.stoker.data.storage;

import io.stoker.failure.ResourceException;
import java.util.Locale;

/**
 * How this process reads the names of files on a local disk. Java decides by the locale that it was
 * started with: where that is C or POSIX, or none, a name outside ASCII is read with replacement
 * characters, and the file cannot be opened by it.
 */
public final class FileNames {
  private static final String ENCODING = System.getProperty("sun.jnu.encoding", "UTF-8");

  private FileNames() {}

  /** Whether names are read as UTF-8, so that each name that is valid there is read as it is. */
  public static boolean areUnicode() {
    return areUnicode(ENCODING);
  }

  static boolean areUnicode(String encoding) {
    return encoding.toUpperCase(Locale.ROOT).replace("-", "").equals("UTF8");
  }

  /**
   * Checks a name where {@link #areUnicode} is false: a file is better refused than lost.
   *
   * @param name a path, or a part of one
   * @param place where it was found
   * @throws ResourceException if it has a character outside ASCII
   */
  static void requireAscii(String name, String place) {
    if (!name.chars().allMatch(character -> character < 128)) {
      throw new ResourceException(
          "Cannot read all names in %s: this Java process reads them as %s, not as UTF-8; set LC_ALL=C.UTF-8 in its environment, for executors by --conf spark.executorEnv.LC_ALL=C.UTF-8 (./stoker does both)"
              .formatted(place, ENCODING));
    }
  }
}
