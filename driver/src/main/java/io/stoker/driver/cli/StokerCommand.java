package io.stoker.driver.cli;

import java.util.concurrent.Callable;
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

  /** What to say to someone who has stopped the command, after "stopped". */
  String whenStopped() {
    return "";
  }

  /** Whether the user wants to know more. */
  final boolean verbose() {
    return verbose;
  }

  /** Shows a result; a command that goes on shows what it has to say at its beginning. */
  final void show(Report report) {
    console.show(report, json);
  }

  final Console console() {
    return console;
  }

  @Override
  public final Integer call() {
    if (verbose) {
      Logging.showAll();
    }
    try (ShutdownWatch stopping = ShutdownWatch.watch(this::stopped)) {
      try {
        Report report = execute();
        show(report);
        return report.exitCode();
      } catch (Throwable failure) {
        return stopping.stopped() ? INTERRUPTED : fail(failure);
      }
    }
  }

  private void stopped() {
    console.printError("stopped" + whenStopped());
  }

  private int fail(Throwable failure) {
    Failure known = Failure.of(failure);
    if (verbose) {
      console.trace(failure);
    }
    console.printError(known.message());
    return known.exitCode();
  }
}
