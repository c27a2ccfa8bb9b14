// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.measure.StageClock.Rate;
import io.stoker.data.pack.PrepareBench;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.source.ImageSources;
import io.stoker.data.storage.Storage;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.ExactPixelsOption;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "prepare",
    header =
        "Measures how fast images become shards, compared with the bare image codec, without"
            + " Spark.",
    customSynopsis = "./stoker bench prepare --input URI [option]...",
    description = {"", "Works on the first images of the input, and writes nothing."})
final class BenchPrepareCommand extends StokerCommand {
  @Option(
      names = "--input",
      paramLabel = "URI",
      required = true,
      description = "The folder or file with the images; a URI.")
  private String input;

  @Option(
      names = "--format",
      paramLabel = "folder|idx|cifar|tar|csv|NAME",
      defaultValue = "folder",
      description = "The format of the input, as for prepare (default: ${DEFAULT-VALUE}).")
  private String format;

  @Option(
      names = "--size",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Height and width of the images in shards; 0 keeps the images' sizes (default:"
              + " ${DEFAULT-VALUE}).")
  private int size;

  @Option(
      names = "--encoding",
      paramLabel = "raw|jpeg|png",
      description =
          "The encoding of images in the shards (default: raw for small images, else jpeg).")
  private String encoding;

  @Mixin private ExactPixelsOption exactPixels;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "The number of threads of the last measurement (default: all cores).")
  private Integer threads;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "The time for each stage, after a warm-up (default: ${DEFAULT-VALUE}).")
  private double seconds;

  BenchPrepareCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    PrepareOptions.Builder options =
        PrepareOptions.builder()
            .source(ImageSources.named(format))
            .input(Storage.path(input))
            .output(new Path("(none)"))
            .size(size)
            .decoding(exactPixels.decoding());
    Optional.ofNullable(encoding).ifPresent(text -> options.encoding(ShardEncoding.parse(text)));
    List<Rate> rates =
        new PrepareBench(options.build(), SparkSetup.hadoop())
            .run(threads == null ? Runtime.getRuntime().availableProcessors() : threads, seconds);
    ObjectNode json = Report.object();
    json.put("input", input).put("size", size);
    Table table = new Table(1, 2, 3).row("stage", "threads", "images/s", "MB/s");
    for (Rate rate : rates) {
      table.row(
          rate.stage(),
          Line.of("%d", rate.threads()),
          Line.of("%,.0f", rate.imagesPerSecond()),
          Line.of("%,.0f", rate.megabytesPerSecond()));
      json.withArray("rates").add(Report.object(rate));
    }
    double codec = first("codec", rates);
    if (codec == 0) {
      return new Report(table.toString(), json);
    }
    double share = first("prepare", rates) / codec;
    json.put("prepare_to_codec", share);
    String line = "%sprepare on one core: %.0f %% of the bare codec's rate%n";
    return new Report(Line.of(line, table, 100 * share), json);
  }

  /** The first rate of a stage; 0 if there is none. */
  private static double first(String stage, List<Rate> rates) {
    return rates.stream()
        .filter(rate -> rate.stage().equals(stage))
        .mapToDouble(Rate::imagesPerSecond)
        .findFirst()
        .orElse(0);
  }
}
