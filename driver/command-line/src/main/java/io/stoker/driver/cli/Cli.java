// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.CommandGroup;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.NumberOptions;
import io.stoker.driver.command.StokerCommand;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The command line with all its commands. */
final class Cli {
  private static final int HELP_WIDTH = 100;

  private final Console console;

  Cli(Console console) {
    this.console = console;
  }

  /**
   * Runs one command.
   *
   * @return its exit code: 0 done, 2 usage or bad input, 3 damaged data, 4 missing resources, 1 a
   *     bug
   */
  int run(String... arguments) {
    return commandLine(arguments.length > 0 ? arguments[0] : "").execute(arguments);
  }

  /** All commands with their options. */
  CommandSpec spec() {
    return commandLine("").getCommandSpec();
  }

  /**
   * The command line with the command of a name, or with all commands if that name is none or a
   * group's: to read the options of all, and to look for groups in all jars, takes some tenths of a
   * second.
   */
  private CommandLine commandLine(String name) {
    Top root = new Top();
    CommandLine top = new CommandLine(root);
    List<StokerCommand> first = root.commands(console);
    List<StokerCommand> last = List.of(new DoctorCommand(console), new QuickstartCommand(console));
    Optional<StokerCommand> named =
        Stream.concat(first.stream(), last.stream())
            .filter(each -> each.getClass().getAnnotation(Command.class).name().equals(name))
            .findFirst();
    if (named.isPresent()) {
      top.addSubcommand(named.get());
    } else {
      first.forEach(top::addSubcommand);
      CommandGroup.all().forEach(group -> top.addSubcommand(group.commandLine(console)));
      last.forEach(top::addSubcommand);
    }
    top.setOut(console.results())
        .setErr(console.messages())
        .setUsageHelpWidth(HELP_WIDTH)
        .setUsageHelpAutoWidth(true)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionStrategy(Cli::execute)
        .setParameterExceptionHandler(new UsageFailure(console));
    return NumberOptions.read(top);
  }

  /** Runs the command that was parsed, unless a list of its options has no element, as "," has. */
  private static int execute(ParseResult parsed) {
    ParseResult command = parsed;
    while (command.hasSubcommand()) {
      command = command.subcommand();
    }
    for (OptionSpec option : command.matchedOptions()) {
      if (!option.splitRegex().isEmpty() && option.stringValues().isEmpty()) {
        throw new ParameterException(
            option.command().commandLine(),
            "Invalid value for option '%s': it names nothing".formatted(option.longestName()));
      }
    }
    return new CommandLine.RunLast().execute(parsed);
  }

  @Command(
      name = "stoker",
      header = "Trains convolutional networks on Apache Spark by parameter averaging.",
      customSynopsis = "./stoker [spark-submit option]... COMMAND [option]...",
      description = {
        "",
        "Options before COMMAND are passed to spark-submit, such as --master spark://HOST:7077,"
            + " --conf KEY=VALUE, --executor-memory 4g. Without --master the job runs in this"
            + " process, on all cores. A URI is a local path, or begins with hdfs:// or s3a://."
      },
      commandListHeading = "%nCommands:%n",
      optionListHeading = "%nOptions:%n",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {
        "0:done",
        "2:usage or bad input, or a training that diverged",
        "3:damaged data or checkpoint, or a loss in quantize above its limit",
        "4:missing resources",
        "1:a bug in Stoker"
      },
      footerHeading = "%nFirst steps:%n",
      footer = {
        "  ./stoker quickstart        MNIST, from raw files to an evaluated model",
        "  ./stoker COMMAND --help    the options of a command"
      },
      versionProvider = Versions.class)
  static final class Top extends CommandGroup {
    @Option(
        names = {"-V", "--version"},
        versionHelp = true,
        description = "Show the versions of Stoker, Spark, Scala, Hadoop and Java.")
    boolean version;

    @Override
    protected List<StokerCommand> commands(Console console) {
      return List.of(
          new PrepareCommand(console),
          new SynthCommand(console),
          new InspectCommand(console),
          new TrainCommand(console),
          new LrCommand(console),
          new TuneCommand(console),
          new EvaluateCommand(console),
          new CalibrateCommand(console),
          new QuantizeCommand(console),
          new PredictCommand(console),
          new ExplainCommand(console),
          new ProbeCommand(console),
          new CheckpointsCommand(console),
          new DashboardCommand(console),
          new ReportCommand(console),
          new CardCommand(console),
          new RunsCommand(console),
          new ExportCommand(console),
          new ImportCommand(console),
          new ModelsCommand(console),
          new PresetsCommand(console));
    }
  }

  private static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {Version.text()};
    }
  }
}
