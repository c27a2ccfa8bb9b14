// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

/**
 * The machine or cluster lacks something that the job needs: slots, a device, memory, space,
 * access.
 */
public final class ResourceException extends StokerException {
  private static final long serialVersionUID = 1L;

  public static final int EXIT_CODE = 4;

  /**
   * @param message what was wrong, with the value, the place and the remedy
   */
  public ResourceException(String message) {
    super(message, null);
  }

  /**
   * @param message what was wrong, with the value, the place and the remedy
   * @param cause the failure underneath
   */
  public ResourceException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public int exitCode() {
    return EXIT_CODE;
  }
}
