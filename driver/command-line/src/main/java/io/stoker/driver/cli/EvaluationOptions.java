// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options for the images that a network is evaluated on. */
final class EvaluationOptions {
  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The split to evaluate on (default: test, else validation).")
  String split;

  @Mixin BatchOption batch;
}
