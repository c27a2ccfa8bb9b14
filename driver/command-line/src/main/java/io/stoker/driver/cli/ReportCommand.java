// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.report.ChartPage;
import io.stoker.driver.report.ReportJob;
import io.stoker.driver.report.ReportRequest;
import io.stoker.driver.search.Standing;
import io.stoker.driver.search.StudyFolder;
import io.stoker.failure.Check;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "report",
    header = "Reports on a run or a study as one HTML file: curves, data, mistakes, options.",
    customSynopsis =
        "./stoker [spark-submit option]... report --run URI --output FILE.html [option]...",
    description = {
      "",
      "The file contains everything that it shows, and loads nothing. If the data or the checkpoint"
          + " cannot be read, the report says so and shows the rest.",
      "Of a study of tune, it shows the trials, their curves and rungs, and how important each"
          + " option is. It needs neither data nor checkpoints then."
    })
final class ReportCommand extends StokerCommand {
  @Option(
      names = "--run",
      paramLabel = "URI",
      required = true,
      description = "The run folder, or a study of tune; a URI.")
  private String run;

  @Option(
      names = "--output",
      paramLabel = "FILE.html",
      required = true,
      description = "The file to write; a URI. An earlier one is replaced.")
  private String output;

  @Mixin private RunReportOptions options;

  @Spec private CommandSpec spec;

  ReportCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Configuration hadoop = SparkSetup.hadoop();
    StudyFolder study = StudyFolder.at(Locations.absolute(run, hadoop), hadoop);
    if (study.isStudy()) {
      refuseRunOptions();
      OutputFile file = OutputFile.check("--output", output, hadoop);
      return written(file, ChartPage.of(StudyPage.of(study, Standing.of(study))), List.of());
    }
    // Both before Spark is started, which takes seconds.
    ReportRequest request = options.request(run, hadoop);
    OutputFile file = OutputFile.check("--output", output, hadoop);
    try (JavaSparkContext spark = SparkSetup.start("report")) {
      ReportJob job = new ReportJob(spark, request);
      return written(file, job.page(), job.missing());
    }
  }

  private void refuseRunOptions() {
    for (String option : List.of("--data", "--split", "--batch", "--engine")) {
      Check.input(
          !spec.commandLine().getParseResult().hasMatchedOption(option),
          "Invalid option %s: %s is a study, whose page needs no data",
          option,
          run);
    }
  }

  private Report written(OutputFile file, byte[] page, List<String> missing) {
    file.write(page);
    missing.forEach(part -> console().say("not in the report: " + part));
    ObjectNode json = Report.object();
    json.put("report", file.path().toString()).put("bytes", page.length);
    missing.forEach(json.putArray("missing")::add);
    return new Report(Line.of("report: %s (%,d bytes)%n", output, page.length), json);
  }
}
