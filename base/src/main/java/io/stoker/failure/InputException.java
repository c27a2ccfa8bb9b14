// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

/**
 * What the user asked for or handed in cannot be used: an option, a configuration, an input file.
 */
public non-sealed class InputException extends StokerException {
  private static final long serialVersionUID = 1L;

  public static final int EXIT_CODE = 2;

  /**
   * @param message what was wrong, with the value, the place and the remedy
   */
  public InputException(String message) {
    super(message, null);
  }

  /**
   * @param message what was wrong, with the value, the place and the remedy
   * @param cause the failure underneath
   */
  public InputException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public int exitCode() {
    return EXIT_CODE;
  }
}
