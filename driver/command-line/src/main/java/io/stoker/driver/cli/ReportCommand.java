// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.report.ReportJob;
import io.stoker.driver.report.ReportRequest;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "report",
    header = "Reports on a run as one HTML file: curves, time, data, mistakes, configuration.",
    customSynopsis =
        "./stoker [spark-submit option]... report --run URI --output FILE.html [option]...",
    description = {
      "",
      "The file contains everything that it shows, and loads nothing. If the data or the checkpoint"
          + " cannot be read, the report says so and shows the rest."
    })
final class ReportCommand extends StokerCommand {
  @Option(
      names = "--run",
      paramLabel = "URI",
      required = true,
      description = "The run folder; a URI.")
  private String run;

  @Option(
      names = "--output",
      paramLabel = "FILE.html",
      required = true,
      description = "The file to write; a URI. An earlier one is replaced.")
  private String output;

  @Mixin private RunReportOptions options;

  ReportCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Configuration hadoop = SparkSetup.hadoop();
    // Both before Spark is started, which takes seconds.
    ReportRequest request = options.request(run, hadoop);
    OutputFile file = OutputFile.check("--output", output, hadoop);
    try (JavaSparkContext spark = SparkSetup.start("report")) {
      ReportJob job = new ReportJob(spark, request);
      byte[] page = job.page();
      file.write(page);
      job.missing().forEach(part -> console().say("not in the report: " + part));
      ObjectNode json = Report.object();
      json.put("report", file.path().toString()).put("bytes", page.length);
      job.missing().forEach(json.putArray("missing")::add);
      return new Report(Line.of("report: %s (%,d bytes)%n", output, page.length), json);
    }
  }
}
