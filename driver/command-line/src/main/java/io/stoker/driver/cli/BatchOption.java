// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Limits;
import picocli.CommandLine.Option;

/** The option that says how many images go through a network at a time. */
final class BatchOption {
  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per forward pass (default: ${DEFAULT-VALUE}).")
  private int images;

  /**
   * Images of one forward pass.
   *
   * @throws io.stoker.failure.InputException if there are none
   */
  int images() {
    Limits.atLeast("--batch", images, 1);
    return images;
  }
}
