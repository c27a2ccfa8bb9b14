// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The command line with all its commands. */
final class Cli {
  private static final int HELP_WIDTH = 100;

  private final CommandLine commands;

  Cli(Console console) {
    CommandLine bench =
        new CommandLine(new Bench())
            .addSubcommand("step", new BenchStepCommand(console))
            .addSubcommand("averaging", new BenchAveragingCommand(console))
            .addSubcommand("accuracy", new BenchAccuracyCommand(console))
            .addSubcommand("loader", new BenchLoaderCommand(console))
            .addSubcommand("prepare", new BenchPrepareCommand(console));
    commands =
        new CommandLine(new Top())
            .addSubcommand("prepare", new PrepareCommand(console))
            .addSubcommand("synth", new SynthCommand(console))
            .addSubcommand("inspect", new InspectCommand(console))
            .addSubcommand("train", new TrainCommand(console))
            .addSubcommand("lr", new LrCommand(console))
            .addSubcommand("tune", new TuneCommand(console))
            .addSubcommand("evaluate", new EvaluateCommand(console))
            .addSubcommand("calibrate", new CalibrateCommand(console))
            .addSubcommand("predict", new PredictCommand(console))
            .addSubcommand("explain", new ExplainCommand(console))
            .addSubcommand("probe", new ProbeCommand(console))
            .addSubcommand("checkpoints", new CheckpointsCommand(console))
            .addSubcommand("dashboard", new DashboardCommand(console))
            .addSubcommand("report", new ReportCommand(console))
            .addSubcommand("card", new CardCommand(console))
            .addSubcommand("runs", new RunsCommand(console))
            .addSubcommand("export", new ExportCommand(console))
            .addSubcommand("import", new ImportCommand(console))
            .addSubcommand("models", new ModelsCommand(console))
            .addSubcommand("presets", new PresetsCommand(console))
            .addSubcommand("bench", bench)
            .addSubcommand("doctor", new DoctorCommand(console))
            .addSubcommand("quickstart", new QuickstartCommand(console))
            .setOut(console.results())
            .setErr(console.messages())
            .setUsageHelpWidth(HELP_WIDTH)
            .setUsageHelpAutoWidth(true)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setParameterExceptionHandler(new UsageFailure(console));
    NumberOptions.read(commands);
  }

  /**
   * Runs one command.
   *
   * @return its exit code: 0 done, 2 usage or bad input, 3 damaged data, 4 missing resources, 1 a
   *     bug
   */
  int run(String... arguments) {
    return commands.execute(arguments);
  }

  /** All commands with their options. */
  CommandSpec spec() {
    return commands.getCommandSpec();
  }

  /** A command that only has subcommands. */
  abstract static class Group implements Runnable {
    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Option(
        names = {"-h", "--help"},
        usageHelp = true,
        description = "Show this help.")
    boolean help;

    @Override
    public void run() {
      throw new ParameterException(spec.commandLine(), "Missing command");
    }
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
        "2:usage or bad input",
        "3:damaged data or checkpoint",
        "4:missing resources",
        "1:a bug in Stoker"
      },
      footerHeading = "%nFirst steps:%n",
      footer = {
        "  ./stoker quickstart        MNIST, from raw files to an evaluated model",
        "  ./stoker COMMAND --help    the options of a command"
      },
      versionProvider = Versions.class)
  static final class Top extends Group {
    @Option(
        names = {"-V", "--version"},
        versionHelp = true,
        description = "Show the versions of Stoker, Spark, Scala, Hadoop and Java.")
    boolean version;
  }

  @Command(
      name = "bench",
      header = "Measures one part of training on this machine or cluster.",
      customSynopsis = "./stoker [spark-submit option]... bench WHAT [option]...",
      commandListHeading = "%nWhat:%n",
      optionListHeading = "%nOptions:%n")
  private static final class Bench extends Group {}

  private static final class Versions implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {Version.text()};
    }
  }
}
