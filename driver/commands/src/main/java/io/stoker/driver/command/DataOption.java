// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import picocli.CommandLine.Option;

/** The option that names prepared data. */
public final class DataOption {
  @Option(
      names = "--data",
      paramLabel = "URI",
      required = true,
      description = "Shards, made by prepare.")
  public String uri;
}
