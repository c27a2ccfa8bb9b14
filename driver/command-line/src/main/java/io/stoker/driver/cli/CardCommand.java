// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.storage.OutputFile;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.report.ModelCardJob;
import io.stoker.driver.report.ReportRequest;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "card",
    header = "Writes a run's model card in Markdown: data, recipe, metrics, confusions, versions.",
    customSynopsis = "./stoker [spark-submit option]... card --run URI [option]...",
    description = {
      "",
      "The card is about the run's best checkpoint by validation, or its newest valid one. Intended"
          + " use and limitations are left for you to fill in. If the data cannot be read, the card"
          + " says so and has the rest."
    })
final class CardCommand extends StokerCommand {
  @Option(
      names = "--run",
      paramLabel = "URI",
      required = true,
      description = "The run folder; a URI.")
  private String run;

  @Option(
      names = "--output",
      paramLabel = "FILE.md",
      description =
          "The file to write; a URI. An earlier one is replaced (default: print the card).")
  private String output;

  @Mixin private RunReportOptions options;

  CardCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() {
    Configuration hadoop = SparkSetup.hadoop();
    // Both before Spark is started, which takes seconds.
    ReportRequest request = options.request(run, hadoop);
    Optional<OutputFile> file =
        Optional.ofNullable(output).map(uri -> OutputFile.check("--output", uri, hadoop));
    try (JavaSparkContext spark = SparkSetup.start("card")) {
      ModelCardJob.Result card = ModelCardJob.run(spark, request);
      file.ifPresent(each -> each.write(card.markdown().getBytes(StandardCharsets.UTF_8)));
      card.missing().forEach(part -> console().say("not in the card: " + part));
      return new Report(
          file.isPresent() ? "card: " + output + "\n" : card.markdown(), json(card, file));
    }
  }

  private static ObjectNode json(ModelCardJob.Result card, Optional<OutputFile> file) {
    ObjectNode json = Report.object();
    file.ifPresentOrElse(
        each -> json.put("card", each.path().toString()),
        () -> json.put("markdown", card.markdown()));
    card.missing().forEach(json.putArray("missing")::add);
    card.evaluation().ifPresent(report -> json.set("evaluation", report.summaryJson()));
    return json;
  }
}
