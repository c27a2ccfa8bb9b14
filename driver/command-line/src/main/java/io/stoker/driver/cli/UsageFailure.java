// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Console;
import io.stoker.failure.Suggestion;
import java.util.Collection;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Prints in one line what is wrong with a command line, and how to see its help. */
final class UsageFailure implements IParameterExceptionHandler {
  private final Console console;

  UsageFailure(Console console) {
    this.console = console;
  }

  @Override
  public int handleParseException(ParameterException failure, String[] arguments) {
    CommandLine command = failure.getCommandLine();
    console.printError(
        "%s (see ./%s --help)"
            .formatted(reason(failure), command.getCommandSpec().qualifiedName()));
    return command.getCommandSpec().exitCodeOnInvalidInput();
  }

  private static String reason(ParameterException failure) {
    if (!(failure instanceof UnmatchedArgumentException unmatched)) {
      return failure.getMessage().lines().findFirst().orElse("Invalid command line");
    }
    String first = unmatched.getUnmatched().get(0);
    boolean group = !failure.getCommandLine().getSubcommands().isEmpty();
    String kind = first.startsWith("-") ? "option" : group ? "command" : "argument";
    CommandSpec spec = failure.getCommandLine().getCommandSpec();
    Collection<String> known =
        first.startsWith("-") ? spec.optionsMap().keySet() : spec.subcommands().keySet();
    return "Unknown %s: %s%s"
        .formatted(
            kind,
            first,
            Suggestion.nearest(first, known).map("; did you mean '%s'?"::formatted).orElse(""));
  }
}
