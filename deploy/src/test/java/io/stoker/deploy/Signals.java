// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Signals of the operating system. */
final class Signals {
  private Signals() {}

  /**
   * Sends a signal to a process.
   *
   * @param name the signal, such as {@code STOP}
   * @return whether there was such a process
   */
  static boolean send(String name, long process) {
    try {
      return new ProcessBuilder("kill", "-" + name, Long.toString(process)).start().waitFor() == 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
