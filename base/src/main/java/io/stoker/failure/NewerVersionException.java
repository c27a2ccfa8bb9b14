// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

/**
 * A file that a newer Stoker wrote. It is whole, so who looks for damaged files to skip or replace
 * must not take it for one.
 */
public final class NewerVersionException extends DamagedException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message the file, its version, and the versions that are read
   */
  public NewerVersionException(String message) {
    super(message);
  }
}
