// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Limits;
import picocli.CommandLine.Option;

/** Options for the images that a network is evaluated on. */
final class EvaluationOptions {
  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The split to evaluate on (default: test, else validation).")
  String split;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per forward pass (default: ${DEFAULT-VALUE}).")
  private int batch;

  /**
   * Images of one forward pass.
   *
   * @throws io.stoker.failure.InputException if there are none
   */
  int batch() {
    Limits.atLeast("--batch", batch, 1);
    return batch;
  }
}
