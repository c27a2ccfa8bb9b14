// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.Failure;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.config.ConfigFormat;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.report.RunSummary;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.driver.spark.SparkLines;
import io.stoker.driver.spark.SupportedRuntime;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * Runs commands in a Spark session that is there already, for programs and for the Python package:
 * the same options, checks and results as on the command line, and no second Spark context. Calls
 * of several threads run at the same time.
 */
public final class SessionCommands {
  private static final String ERROR = "stoker: ";

  private SessionCommands() {}

  /**
   * How a command ended.
   *
   * @param exitCode 0 done, 2 usage or bad input, 3 damaged data, 4 missing resources, 1 a bug
   * @param json the result, one JSON object; empty if there is none
   * @param text what it printed that is no result, such as the help
   * @param messages what it had to say, a line each
   * @param error why it failed, one line; empty if it did not
   */
  public record Outcome(
      int exitCode, String json, String text, List<String> messages, String error) {
    public Outcome {
      messages = List.copyOf(messages);
    }
  }

  /** The line of Spark that these classes were compiled for: 3.5 or 4. */
  public static String sparkLine() {
    return SparkLines.compiledFor();
  }

  /**
   * Runs a command.
   *
   * @param session whose Spark context and configuration of Hadoop it uses
   * @param arguments the command and its options, such as {@code List.of("inspect", "--data",
   *     "/data")}
   */
  public static Outcome run(SparkSession session, List<String> arguments) {
    boolean help = arguments.contains("--help") || arguments.contains("-h");
    StringWriter results = new StringWriter();
    StringWriter messages = new StringWriter();
    Console console =
        new Console(new PrintWriter(results, true), new PrintWriter(messages, true), false, false);
    String[] words = (help ? arguments : withJson(arguments)).toArray(String[]::new);
    try {
      SupportedRuntime.check();
      int exitCode = SparkSetup.within(session, () -> new Cli(console).run(words));
      return outcome(exitCode, results.toString(), messages.toString());
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /**
   * Reads a run folder: its record, all its rounds and validations, and its state.
   *
   * @param session how to reach it
   * @param run the run folder; a URI
   */
  public static Outcome inspectRun(SparkSession session, String run) {
    try {
      SupportedRuntime.check();
      Configuration hadoop = SparkSetup.within(session, SparkSetup::hadoop);
      Path folder = Locations.absolute(run, hadoop);
      RunRecord record = RunFolder.at(folder, hadoop).recorded();
      RunSummary summary = RunSummary.of(folder, hadoop, Instant.now());
      ObjectNode json = Report.object();
      json.put("run", Locations.plain(folder.toString()))
          .put("state", summary.state().toString())
          .put("planned_rounds", record.rounds())
          .put("data_manifest_sha256", record.job().dataSha256())
          .put("model_definition", record.job().model());
      json.set("config", ConfigFormat.toJson(record.job().config()));
      ObjectNode versions = json.putObject("versions");
      record.versions().forEach(versions::put);
      MetricsLog.read(folder, hadoop).stream()
          .map(Report::object)
          .forEach(json.putArray("rounds")::add);
      summary.validations().stream().map(Report::object).forEach(json.putArray("validations")::add);
      return new Outcome(0, json.toString(), "", List.of(), "");
    } catch (RuntimeException e) {
      return failed(e);
    }
  }

  /** Asks for the result as JSON. What follows {@code --} is no option. */
  private static List<String> withJson(List<String> arguments) {
    int end = arguments.indexOf("--");
    List<String> words = new ArrayList<>(arguments);
    words.add(end < 0 ? words.size() : end, "--json");
    return words;
  }

  private static Outcome failed(RuntimeException e) {
    Failure failure = Failure.of(e);
    return new Outcome(failure.exitCode(), "", "", List.of(), failure.message());
  }

  private static Outcome outcome(int exitCode, String results, String messages) {
    List<String> printed = results.lines().toList();
    String last = printed.isEmpty() ? "" : printed.get(printed.size() - 1);
    boolean isJson = last.startsWith("{");
    List<String> said = messages.lines().toList();
    String error =
        said.stream()
            .filter(line -> line.startsWith(ERROR))
            .reduce((first, second) -> second)
            .map(line -> line.substring(ERROR.length()))
            .orElse("");
    return new Outcome(
        exitCode,
        isJson ? last : "",
        isJson ? "" : results,
        said.stream().filter(line -> !line.startsWith(ERROR)).toList(),
        exitCode == 0 ? "" : error);
  }
}
