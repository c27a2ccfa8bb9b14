// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/** A worker is late in a round with a quorum, and joins a later one. */
final class LateException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  LateException(String message) {
    super(message);
  }
}
