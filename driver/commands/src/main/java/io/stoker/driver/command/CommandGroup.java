// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.command;

import io.stoker.base.library.ProgramLoader;
import java.util.List;
import java.util.ServiceLoader;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * A command that only has subcommands. A module brings its own to the command line by naming a
 * subclass in {@code META-INF/services/io.stoker.driver.command.CommandGroup}.
 */
public abstract class CommandGroup implements Runnable {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help.")
  boolean help;

  /** The groups that modules on the class path bring. */
  public static List<CommandGroup> all() {
    return ServiceLoader.load(CommandGroup.class, ProgramLoader.now()).stream()
        .map(ServiceLoader.Provider::get)
        .toList();
  }

  /** Its subcommands, each annotated with its name. */
  protected abstract List<StokerCommand> commands(Console console);

  /** The group with its subcommands. */
  public final CommandLine commandLine(Console console) {
    CommandLine group = new CommandLine(this);
    commands(console).forEach(group::addSubcommand);
    return group;
  }

  @Override
  public final void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }
}
