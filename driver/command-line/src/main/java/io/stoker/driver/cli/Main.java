// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Console;
import io.stoker.driver.spark.SupportedRuntime;
import io.stoker.failure.ResourceException;
import java.util.Locale;

/** The entry point that spark-submit starts. */
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Spark and other libraries write numbers into file names by the default locale, whose digits
    // may be Arabic ones.
    Locale.setDefault(Locale.ROOT);
    Console console = Console.claim();
    try {
      SupportedRuntime.check();
    } catch (ResourceException e) {
      console.printError(e.getMessage());
      System.exit(e.exitCode());
    }
    System.exit(new Cli(console).run(arguments));
  }
}
