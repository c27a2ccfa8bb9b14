// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a filesystem says when it is full, or when a file gets longer than its user or the
 * filesystem allows: a text, because Java has no exception of its own for it.
 */
public final class NoSpace {
  /** The operating system's words. */
  public static final String TEXT = "No space left on device";

  private static final String TOO_LARGE = "File too large";

  private NoSpace() {}

  /** Whether a failure itself says that a disk is full; Spark quotes the failures of its tasks. */
  public static boolean isSaidBy(Throwable failure) {
    return words(failure).filter(TEXT::equals).isPresent();
  }

  /** The operating system's words in a failure's own message, of a full disk or of a long file. */
  public static Optional<String> words(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    return Stream.of(TEXT, TOO_LARGE).filter(message::contains).findFirst();
  }
}
