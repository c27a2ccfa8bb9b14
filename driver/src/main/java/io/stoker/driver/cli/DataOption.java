package io.stoker.driver.cli;

import picocli.CommandLine.Option;

/** Which prepared data. */
final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "URI",
      required = true,
      description = "Shards, made by prepare.")
  String uri;
}
