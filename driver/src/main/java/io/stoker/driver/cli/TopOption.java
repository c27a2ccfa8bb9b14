package io.stoker.driver.cli;

import io.stoker.failure.Check;
import picocli.CommandLine.Option;

/** How many classes of an image are named. */
final class TopOption {
  @Option(
      names = "--top",
      paramLabel = "N",
      defaultValue = "3",
      description = "Classes to name (default: ${DEFAULT-VALUE}).")
  private int classes;

  /**
   * The number.
   *
   * @throws io.stoker.failure.InputException if it is none
   */
  int classes() {
    Check.input(classes >= 1, "Invalid number of classes: %d (must be >= 1)", classes);
    return classes;
  }
}
