// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

/** A request to MLflow that failed. It never leaves this package. */
final class MlflowException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MlflowException(String message) {
    super(message);
  }

  MlflowException(String message, Throwable cause) {
    super(message, cause);
  }
}
