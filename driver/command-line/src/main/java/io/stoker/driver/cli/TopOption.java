// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Limits;
import picocli.CommandLine.Option;

/** The option for the number of classes that are shown for an image. */
final class TopOption {
  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "The number of classes to show, the most probable ones (default: ${DEFAULT-VALUE}).")
  private int classes;

  /**
   * The number.
   *
   * @throws io.stoker.failure.InputException if it is less than 1
   */
  int classes() {
    Limits.atLeast("--top", classes, 1);
    return classes;
  }
}
