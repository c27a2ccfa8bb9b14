// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a filesystem says when it is full, when a quota is reached, or when a file gets longer than
 * its user or the filesystem allows: a text, because Java has no exception of its own for it, and
 * because Spark quotes the failures of its tasks.
 */
public final class NoSpace {
  /** The operating system's words. */
  public static final String TEXT = "No space left on device";

  private static final String TOO_LARGE = "File too large";

  /** Of the operating system, and of HDFS for bytes, for files, and for bytes of one kind. */
  private static final Pattern QUOTA =
      Pattern.compile(
          "Disk quota exceeded"
              + "|(?:The (?:DiskSpace|NameSpace) quota|Quota by storage type) [^\\n]*exceeded[^\\n]*");

  private static final Pattern WORDS =
      Pattern.compile(
          TEXT
              + "|"
              + TOO_LARGE
              + "|"
              + QUOTA
              + "|File [^\\n]* could only be written to \\d+ of the [^\\n]*");

  private NoSpace() {}

  /** Whether a failure itself says that a disk is full. */
  public static boolean isSaidBy(Throwable failure) {
    return words(failure).filter(TEXT::equals).isPresent();
  }

  /** The filesystem's words in a failure's own message. */
  public static Optional<String> words(Throwable failure) {
    Matcher words = WORDS.matcher(String.valueOf(failure.getMessage()));
    return words.find() ? Optional.of(words.group().strip()) : Optional.empty();
  }

  /** What a user does about it, where the words do not say of which disk they speak. */
  public static String remedy(String words) {
    if (words.equals(TEXT)) {
      return "free some in Spark's local folders, or where files are written";
    }
    if (words.equals(TOO_LARGE)) {
      return "a limit of the user's, see ulimit -f, or of the filesystem";
    }
    return QUOTA.matcher(words).matches()
        ? "delete files there, or have the quota raised"
        : "the DataNodes of HDFS are full, or away";
  }
}
