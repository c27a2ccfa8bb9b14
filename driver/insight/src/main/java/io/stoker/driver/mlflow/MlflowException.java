// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import java.util.Set;

/** A request to MLflow that failed. It never leaves this package. */
final class MlflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What HTTP has for "not you", "not here" and "not now"; these say nothing of the content. */
  private static final Set<Integer> OF_ANY_CONTENT = Set.of(401, 403, 404, 405, 407, 408, 425, 429);

  private final int status;

  MlflowException(String message) {
    this(message, 0);
  }

  /**
   * @param status the status of the answer
   */
  MlflowException(String message, int status) {
    super(message);
    this.status = status;
  }

  MlflowException(String message, Throwable cause) {
    super(message, cause);
    this.status = 0;
  }

  /** Whether the server answers that there is no such thing. */
  boolean isNotFound() {
    return status == 404;
  }

  /** Whether the server refuses what was sent, and would do so again. */
  boolean isRefusal() {
    return status / 100 == 4 && !OF_ANY_CONTENT.contains(status);
  }
}
