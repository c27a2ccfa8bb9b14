// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/** A worker cannot go on in its multi-round stage, whose rounds are then trained again. */
final class StageAbortedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  StageAbortedException(int worker, String reason) {
    this("Worker " + worker + " leaves its stage: " + reason);
  }

  StageAbortedException(String message) {
    super(message);
  }
}
