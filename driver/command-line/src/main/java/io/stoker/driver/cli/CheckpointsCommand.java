// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.driver.checkpoint.CheckpointFinding;
import io.stoker.driver.checkpoint.CheckpointFinding.State;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.DamagedException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
    name = "checkpoints",
    header = "Verifies a run's checkpoints, byte for byte.",
    customSynopsis = "./stoker [spark-submit option]... checkpoints RUN [option]...",
    description = {
      "",
      "Reads each checkpoint from end to end and verifies its manifest, the length and SHA-256 of"
          + " its model file, and the model. If one is damaged, the exit code is 3. A checkpoint"
          + " without a manifest is unfinished: it is being written, or its writer was killed."
          + " Other commands do not read it."
    })
final class CheckpointsCommand extends StokerCommand {
  @Parameters(paramLabel = "RUN", description = "The run folder; a URI.")
  private String run;

  CheckpointsCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    List<CheckpointFinding> findings = ModelFiles.verify(run, SparkSetup.hadoop());
    List<String> damaged =
        findings.stream()
            .filter(finding -> finding.state() == State.DAMAGED)
            .map(CheckpointFinding::reason)
            .toList();
    Table table = new Table(1, 2).row("checkpoint", "round", "epoch", "state", "parameters");
    ObjectNode json = Report.object();
    json.put("run", run).putArray("checkpoints");
    for (CheckpointFinding finding : findings) {
      add(finding, table, json);
    }
    Report report =
        new Report(
            findings.isEmpty() ? "no checkpoints in %s%n".formatted(run) : table.toString(), json);
    if (damaged.isEmpty()) {
      return report;
    }
    show(report);
    throw new DamagedException(
        Line.of(
            "%d of %d checkpoints of %s are damaged: %s",
            damaged.size(), findings.size(), run, String.join("; ", damaged)));
  }

  private static void add(CheckpointFinding finding, Table table, ObjectNode json) {
    String name = finding.folder().getName();
    String state = finding.state().name().toLowerCase(Locale.ROOT);
    Optional<StoredModel> model = finding.model();
    table.row(
        name,
        model.map(m -> Long.toString(m.metadata().clock().round())).orElse(""),
        model.map(m -> Long.toString(m.metadata().clock().epoch())).orElse(""),
        state,
        model.map(m -> "SHA-256 " + m.parametersSha256()).orElse(finding.reason()));
    ObjectNode entry = json.withArray("checkpoints").addObject();
    entry.put("checkpoint", finding.folder().toString()).put("state", state);
    model.ifPresent(
        m -> {
          entry.put("round", m.metadata().clock().round());
          entry.put("epoch", m.metadata().clock().epoch());
          entry.put("parameters_sha256", m.parametersSha256());
        });
  }
}
