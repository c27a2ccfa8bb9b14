// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

/**
 * A failure that Stoker foresaw and can explain in one line. Each of the three families ends a
 * command with an exit code of its own; any other exception is a bug in Stoker and ends it with 1.
 */
public abstract sealed class StokerException extends RuntimeException
    permits InputException, DamagedException, ResourceException {
  private static final long serialVersionUID = 1L;

  StokerException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The exit code of a command that this failure ends. */
  public abstract int exitCode();
}
