// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;

/** Programs of the machine that are run for what they do, not for what they print. */
final class Programs {
  private Programs() {}

  /**
   * Runs a program to its end, and drops its output.
   *
   * @return whether there is such a program, and it ended with exit code 0
   */
  static boolean succeeds(String... command) {
    try {
      return new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /**
   * Sends a signal to a process.
   *
   * @param name the signal, such as {@code STOP}
   * @return whether there was such a process
   */
  static boolean signal(String name, long process) {
    return succeeds("kill", "-" + name, Long.toString(process));
  }
}
