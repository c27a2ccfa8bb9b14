// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.models.engine.Engines;
import picocli.CommandLine.Option;

/** Options that name a trained network and the engine that computes it. */
final class ModelOptions {
  @Option(
      names = "--checkpoint",
      paramLabel = "URI",
      required = true,
      description =
          "A checkpoint folder, a model.zip, or a run folder (its best checkpoint by validation,"
              + " else its newest valid one).")
  String checkpoint;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      order = 90,
      defaultValue = Engines.AUTO,
      description =
          "The engine that computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  String engine;
}
