// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks commands of the operating system what this machine has. */
final class SystemCommand {
  private static final Logger LOG = LoggerFactory.getLogger(SystemCommand.class);

  private SystemCommand() {}

  /** What a command prints to its standard output; empty if there is no such command. */
  static Optional<String> output(String... command) {
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      process.getOutputStream().close();
      return Optional.of(
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOG.debug("{} does not run", command[0], e);
      return Optional.empty();
    }
  }
}
