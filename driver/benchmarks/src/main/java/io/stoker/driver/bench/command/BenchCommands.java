// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import io.stoker.driver.command.CommandGroup;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.StokerCommand;
import java.util.List;
import picocli.CommandLine.Command;

/** The benchmarks on the command line. */
@Command(
    name = "bench",
    header = "Measures one part of training on this machine or cluster.",
    customSynopsis = "./stoker [spark-submit option]... bench WHAT [option]...",
    commandListHeading = "%nWhat:%n",
    optionListHeading = "%nOptions:%n")
public final class BenchCommands extends CommandGroup {
  @Override
  protected List<StokerCommand> commands(Console console) {
    return List.of(
        new BenchStepCommand(console),
        new BenchAveragingCommand(console),
        new BenchAccuracyCommand(console),
        new BenchLoaderCommand(console),
        new BenchPrepareCommand(console));
  }
}
