package io.stoker.driver.cli;

import java.util.concurrent.Callable;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** What all commands have in common: their common options, one result, one way to fail. */
@Command(
    sortOptions = false,
    abbreviateSynopsis = true,
    optionListHeading = "%nOptions:%n",
    parameterListHeading = "%nArguments:%n")
abstract class StokerCommand implements Callable<Integer> {
  /** The exit code of a process that a SIGINT ends. */
  private static final int INTERRUPTED = 130;

  private final Console console;

  @Option(
      names = "--json",
      order = 100,
      description = "End stdout with one JSON object; all else goes to stderr.")
  private boolean json;

  @Option(
      names = "--verbose",
      order = 101,
      description = "Log what Spark does, and show the stack trace of a failure.")
  private boolean verbose;

  @Option(
      names = {"-h", "--help"},
      order = 102,
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  StokerCommand(Console console) {
    this.console = console;
  }

  /** Does the work. */
  abstract Report execute() throws Exception;

  final Console console() {
    return console;
  }

  /** Whether the result is for a script. */
  final boolean json() {
    return json;
  }

  final boolean verbose() {
    return verbose;
  }

  @Override
  public final Integer call() {
    if (verbose) {
      Configurator.setRootLevel(Level.INFO);
    }
    Stopping stopping = Stopping.watch();
    try {
      Report report = execute();
      console.show(report, json);
      return 0;
    } catch (Throwable failure) {
      if (stopping.begun()) {
        return INTERRUPTED;
      }
      return fail(failure);
    }
  }

  private int fail(Throwable failure) {
    Failure known = Failure.of(failure);
    if (verbose) {
      failure.printStackTrace(console.messages());
    }
    console.complain(known.message());
    return known.exitCode();
  }
}
