package io.stoker.driver.cli;

import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** On what a network is evaluated. */
final class EvaluationOptions {
  @Mixin DataOption data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Which part of the data (default: test, else validation).")
  String split;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images of one forward pass (default: ${DEFAULT-VALUE}).")
  int batch;
}
