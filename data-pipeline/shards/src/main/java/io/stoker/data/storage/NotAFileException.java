// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.IOException;

/** What was to be read is a named pipe, a socket or a device. */
public final class NotAFileException extends IOException {
  private static final long serialVersionUID = 1L;

  NotAFileException(String message) {
    super(message);
  }
}
