// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.RunFolder;
import io.stoker.driver.report.ReportJob;
import io.stoker.driver.report.ReportRequest;
import io.stoker.failure.Check;
import io.stoker.models.engine.Engines;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--data",
      paramLabel = "URI",
      defaultValue = "",
      description = "Where the shards are now (default: where they were when the run was trained).")
  private String data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The split to evaluate on (default: test, else validation).")
  private String split;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "64",
      description = "Images per forward pass (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--engine",
      paramLabel = "NAME",
      defaultValue = Engines.AUTO,
      description =
          "The engine that computes; doctor lists the engines (default: ${DEFAULT-VALUE}).")
  private String engine;

  ReportCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() {
    Check.input(batch >= 1, "Invalid batch size: %d (must be >= 1)", batch);
    Configuration hadoop = SparkSetup.hadoop();
    // Both before Spark is started, which takes seconds.
    RunFolder.at(Locations.absolute(run, hadoop), hadoop).recorded();
    OutputFile file = OutputFile.check("--output", output, hadoop);
    try (JavaSparkContext spark = SparkSetup.start("report")) {
      ReportJob job = new ReportJob(spark, new ReportRequest(run, data, split, batch, engine));
      byte[] page = job.page();
      file.write(page);
      job.missing().forEach(part -> console().say("not in the report: " + part));
      ObjectNode json = Report.object();
      json.put("report", file.path().toString()).put("bytes", page.length);
      job.missing().forEach(json.putArray("missing")::add);
      return new Report(
          String.format(Locale.ROOT, "report: %s (%,d bytes)%n", output, page.length), json);
    }
  }
}
