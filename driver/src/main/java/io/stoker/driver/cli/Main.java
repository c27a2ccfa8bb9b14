package io.stoker.driver.cli;

/** The entry point that spark-submit starts. */
public final class Main {
  private Main() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] arguments) {
    System.exit(new Cli(Console.claim()).run(arguments));
  }
}
