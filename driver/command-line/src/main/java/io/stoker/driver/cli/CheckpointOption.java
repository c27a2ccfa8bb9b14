// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import picocli.CommandLine.Option;

/** The option that names a trained network. */
final class CheckpointOption {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description =
          "A checkpoint folder, a model.zip, or a run folder (its best checkpoint by validation,"
              + " else its newest valid one).")
  String uri;
}
