// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.models.engine.Engines;
import picocli.CommandLine.Option;

/** The option for the engine that computes a trained network. */
final class EngineOption {
  @Option(
      names = "--engine",
      paramLabel = "NAME",
      order = 90,
      defaultValue = Engines.AUTO,
      description =
          "The engine that computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  String name;
}
