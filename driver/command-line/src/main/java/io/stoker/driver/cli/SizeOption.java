// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Limits;
import picocli.CommandLine.Option;

/** Another size of images than that of the training. */
final class SizeOption {
  @Option(
      names = "--size",
      paramLabel = "N",
      description =
          "Show the network N x N pixels of each image, if it takes several sizes: its dense layers"
              + " come after a global average pool (default: the size of the training).")
  private Integer chosen;

  /** The size that was asked for; 0 for that of the training. */
  int pixels() {
    Limits.atLeast("--size", chosen == null ? 1 : chosen, 1);
    return chosen == null ? 0 : chosen;
  }
}
