// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.base.PhaseClock;
import io.stoker.data.pack.InputRecord;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.PrepareOptions.ExistingOutput;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.NumberOptions;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.run.ShardsLock;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.Suggestion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * The shards of raw images that {@code train --input} names. They are prepared before the training,
 * in its Spark session, and kept: a later training with the same content and options finds them.
 */
final class InputShards {
  /** What {@code train} decides, or has options of its own for. */
  private static final Set<String> NOT_IN_RECIPES =
      Set.of("output", "overwrite", "timing", "json", "verbose", "help");

  private final PrepareCommand prepare;
  private final Path input;
  private final Map<String, String> described;
  private final Console console;

  /** The input as it was read; null until it is needed, because all of its content is read. */
  private InputRecord record;

  private InputShards(PrepareCommand prepare, Console console) {
    this.prepare = prepare;
    PrepareOptions options = prepare.options();
    this.described = prepare.describe(options);
    this.input = options.input();
    this.console = console;
  }

  /**
   * The shards of an input.
   *
   * @param options of {@code prepare}, by their names without hyphens before them
   * @param source what the options are from, for messages
   * @throws InputException if an option is unknown or does not fit the others
   */
  static InputShards of(Map<String, JsonNode> options, String source, Console console) {
    PrepareCommand prepare = new PrepareCommand(console);
    CommandLine command = NumberOptions.read(new CommandLine(prepare));
    Set<String> known = new TreeSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      known.add(option.longestName().replaceFirst("^-+", ""));
    }
    known.removeAll(NOT_IN_RECIPES);
    List<String> arguments = new ArrayList<>(List.of("--output=."));
    for (Map.Entry<String, JsonNode> option : new TreeMap<>(options).entrySet()) {
      Check.input(
          known.contains(option.getKey()),
          "Cannot use %s: unknown option of prepare '%s'; %s",
          source,
          option.getKey(),
          Suggestion.among(option.getKey(), known));
      RecipeValues.addArgument(arguments, command, source, option.getKey(), option.getValue());
    }
    try {
      command.setCaseInsensitiveEnumValuesAllowed(true).parseArgs(arguments.toArray(String[]::new));
    } catch (ParameterException e) {
      throw new InputException(
          "Cannot use %s: %s".formatted(source, e.getMessage().lines().findFirst().orElse("")), e);
    }
    return new InputShards(prepare, console);
  }

  /** A folder next to a run, whose name says what the shards are prepared from. */
  String besides(String run) {
    Configuration hadoop = SparkSetup.hadoop();
    Path folder = Locations.absolute(run, hadoop).getParent();
    Check.input(folder != null, "Missing data: say --data URI, a folder for the shards of --input");
    return Locations.plain(new Path(folder, "shards-" + record(hadoop).shortName()).toString());
  }

  private InputRecord record(Configuration hadoop) {
    if (record == null) {
      record = InputRecord.of(input, described, hadoop);
    }
    return record;
  }

  /**
   * Prepares the shards, unless they are there.
   *
   * @param uri where they are, or are to be
   * @param check is run before images are prepared
   * @throws InputException if there are other shards, or files that Stoker did not write
   */
  void make(String uri, JavaSparkContext spark, PhaseClock clock, Runnable check) {
    Configuration hadoop = spark.hadoopConfiguration();
    Path folder = Locations.absolute(uri, hadoop);
    if (!ShardFolder.isComplete(folder, hadoop)) {
      check.run();
      clock.end("check the job");
      PrepareOptions options =
          prepare.options().toBuilder()
              .output(folder)
              .existingOutput(ExistingOutput.OVERWRITE) // what a job that was killed has left
              .record(record(hadoop)) // before the lock, which others wait for
              .build();
      // Another training of the same input waits here, and finds the shards.
      boolean prepared =
          ShardsLock.unlessThere(
              folder,
              hadoop,
              () -> {
                console.say(
                    "preparing %s: shards in %s".formatted(Locations.plain(input.toString()), uri));
                prepare.run(spark, options, clock, PrepareJob.Guard.NONE); // It has the lock.
              });
      if (prepared) {
        return;
      }
    }
    InputRecord.read(folder, hadoop)
        .orElseThrow(
            () ->
                new InputException(
                    "The shards in %s have no record of what they were prepared from (choose another --data, or leave --input out)"
                        .formatted(uri)))
        .require(folder, input, described, hadoop);
    console.say("using the shards in %s again".formatted(uri));
    clock.end("find the shards");
  }
}
