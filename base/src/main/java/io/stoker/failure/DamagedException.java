// SPDX-License-Identifier: Apache-2.0
package io.stoker.failure;

/**
 * A shard, manifest or checkpoint is not what was written: truncated, altered or of another format.
 */
public sealed class DamagedException extends StokerException permits NewerVersionException {
  private static final long serialVersionUID = 1L;

  public static final int EXIT_CODE = 3;

  /**
   * @param message what was wrong, with the value, the place and the remedy
   */
  public DamagedException(String message) {
    super(message, null);
  }

  /**
   * @param message what was wrong, with the value, the place and the remedy
   * @param cause the failure underneath
   */
  public DamagedException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public int exitCode() {
    return EXIT_CODE;
  }
}
