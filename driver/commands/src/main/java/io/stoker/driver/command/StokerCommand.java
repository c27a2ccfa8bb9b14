// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.base.PhaseClock;
import io.stoker.failure.Check;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** The base of all commands: common options, one result, and one line for a failure. */
@Command(
    sortOptions = false,
    abbreviateSynopsis = true,
    optionListHeading = "%nOptions:%n",
    parameterListHeading = "%nArguments:%n")
public abstract class StokerCommand implements Callable<Integer> {
  /** The exit code of a process that was ended by SIGINT. */
  private static final int INTERRUPTED = 130;

  private final Console console;
  private PhaseClock clock;

  @Option(
      names = "--json",
      order = 100,
      description =
          "Print the result as one JSON object, the last line of stdout; everything else goes to"
              + " stderr.")
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

  public StokerCommand(Console console) {
    this.console = console;
  }

  /** Runs the command. */
  protected abstract Report execute() throws Exception;

  /**
   * What is printed after "stopped" if the command is stopped, and after a message that the cluster
   * lacks something, such as how to continue.
   */
  protected String whenStopped() {
    return "";
  }

  /** Whether the report says where the time went. */
  protected boolean timing() {
    return false;
  }

  /** Is told when a phase of the command ends. */
  public final PhaseClock clock() {
    return clock;
  }

  /** Whether {@code --verbose} was given. */
  public final boolean verbose() {
    return verbose;
  }

  /** Prints a result; a command that runs until it is stopped calls it at the beginning. */
  public final void show(Report report) {
    console.show(report, json);
  }

  public final Console console() {
    return console;
  }

  /**
   * Refuses options that were given on the command line where nothing would use them.
   *
   * @param spec of this command
   * @param goesWith what they need
   * @param options with their dashes
   */
  protected static void refuse(CommandSpec spec, String goesWith, List<String> options) {
    for (String option : options) {
      Check.input(
          !spec.commandLine().getParseResult().hasMatchedOption(option),
          "Invalid option %s: it goes with %s",
          option,
          goesWith);
    }
  }

  @Override
  public final Integer call() {
    clock = Console.ownsProcess() ? PhaseClock.ofProcess() : PhaseClock.ofNow();
    clock.end("start Java");
    if (verbose) {
      Logging.showAll();
    }
    try (ShutdownWatch stopping = ShutdownWatch.watch(this::stopped)) {
      try {
        Report report = execute();
        clock.end("stop Spark");
        show(timing() ? report.with(clock.phases()) : report);
        return report.exitCode();
      } catch (Throwable failure) {
        return stopping.stopped() ? INTERRUPTED : fail(failure);
      }
    }
  }

  private void stopped() {
    if (!verbose) {
      Console.hideLibraries();
    }
    console.printError("stopped" + whenStopped());
  }

  private int fail(Throwable failure) {
    Failure known = Failure.of(failure);
    if (verbose) {
      console.trace(failure);
    }
    console.printError(known.message() + (known.goesOn() ? whenStopped() : ""));
    return known.exitCode();
  }
}
