// SPDX-License-Identifier: Apache-2.0
package io.stoker.deploy;

import java.io.IOException;
import java.util.stream.LongStream;
import java.util.stream.Stream;

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
   * Sends a signal to processes, one right after the other.
   *
   * @param name the signal, such as {@code STOP}
   * @return whether there were such processes
   */
  static boolean signal(String name, long... processes) {
    return succeeds(
        Stream.concat(
                Stream.of("kill", "-" + name), LongStream.of(processes).mapToObj(Long::toString))
            .toArray(String[]::new));
  }
}
