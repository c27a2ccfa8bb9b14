// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import java.util.Locale;

/** The entry point that spark-submit starts. */
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    // Spark and other libraries write numbers into file names by the default locale, whose digits
    // may be Arabic ones.
    Locale.setDefault(Locale.ROOT);
    System.exit(new Cli(Console.claim()).run(arguments));
  }
}
