// SPDX-License-Identifier: Apache-2.0
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
  private static final boolean UNICODE = isUnicode(ENCODING);

  private FileNames() {}

  /** Whether an encoding has all characters that a name may have. */
  static boolean isUnicode(String encoding) {
    return encoding.toUpperCase(Locale.ROOT).replace("-", "").equals("UTF8");
  }

  /**
   * Whether a name on a local disk is what it says.
   *
   * @param name a path, or a part of one, as Java decoded it
   */
  static boolean isReadable(String name) {
    return UNICODE || name.chars().allMatch(character -> character < 128);
  }

  /**
   * Checks a name on a local disk: a job is better refused than a file lost.
   *
   * @param path as Java decoded it
   * @throws ResourceException if this process was not started with a UTF-8 locale, and the name has
   *     a character outside ASCII
   */
  static void requireReadable(String path) {
    if (!isReadable(path)) {
      throw new ResourceException(
          "Cannot read the name of %s: this process decodes file names as %s (start it with a UTF-8 locale, such as LC_ALL=C.UTF-8; on a cluster also its executors, by spark.executorEnv.LC_ALL)"
              .formatted(path.replace('\uFFFD', '?'), ENCODING));
    }
  }
}
