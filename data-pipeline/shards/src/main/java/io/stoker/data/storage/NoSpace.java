// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

/**
 * What a filesystem says when it is full: a text, because Java has no exception of its own for it.
 */
public final class NoSpace {
  /** The operating system's words. */
  public static final String TEXT = "No space left on device";

  private NoSpace() {}

  /** Whether a failure says so itself; Spark quotes the failures of its tasks. */
  public static boolean isSaidBy(Throwable failure) {
    return failure.getMessage() != null && failure.getMessage().contains(TEXT);
  }
}
