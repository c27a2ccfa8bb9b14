// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench.command;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.measure.StageClock.Rate;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.bench.LoaderBench;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.InputOptions;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "loader",
    header =
        "Measures how fast shards become batches, compared with the bare image codec, without"
            + " Spark.",
    customSynopsis = "./stoker bench loader --data URI [option]...")
final class BenchLoaderCommand extends StokerCommand {
  @Mixin private DataOption data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "The split to read (default: ${DEFAULT-VALUE}).")
  private String split;

  @Mixin private InputOptions inputOptions;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "64",
      description = "Examples per batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "The number of threads to measure, in addition to one (default: all cores).")
  private Integer threads;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description =
          "The time for each stage and number of threads, after a warm-up (default:"
              + " ${DEFAULT-VALUE}).")
  private double seconds;

  BenchLoaderCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    ShardFolder folder = ShardFolder.open(Storage.path(data.uri), SparkSetup.hadoop());
    SplitBlocks blocks = new SplitBlocks(folder, split, new BlockCache(0));
    TrainingInput input = inputOptions.input(folder.manifest().image());
    LoaderBench bench = new LoaderBench(blocks, input, batch, seconds);
    int cores = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
    List<Rate> rates = bench.run(cores);
    ObjectNode json = Report.object();
    json.put("data", data.uri)
        .put("augment", inputOptions.augmentations())
        .put("input", input.image().toString())
        .put("batch", batch);
    Table table = new Table(1, 2, 3, 4).row("stage", "threads", "images/s", "MB/s", "of the codec");
    for (Rate rate : rates) {
      double codec = find(rates, "codec", rate.threads());
      table.row(
          rate.stage(),
          Line.of("%d", rate.threads()),
          Line.of("%,.0f", rate.imagesPerSecond()),
          Line.of("%,.0f", rate.megabytesPerSecond()),
          codec > 0 ? Line.of("%.0f %%", 100 * rate.imagesPerSecond() / codec) : "");
      json.withArray("rates").add(Report.object(rate));
    }
    if (find(rates, "codec", 1) > 0) {
      json.put("loader_to_codec", find(rates, "loader", 1) / find(rates, "codec", 1));
    }
    json.put("images_per_second", find(rates, "loader", cores));
    String text =
        "%s images as %s, of which the model takes %s; %s:%n%s"
            .formatted(
                folder.manifest().image(),
                folder.manifest().encoding(),
                input.image(),
                inputOptions.augmentations(),
                table);
    return new Report(text, json);
  }

  /** The rate of a stage; 0 if there is none. */
  private static double find(List<Rate> rates, String stage, int threads) {
    return rates.stream()
        .filter(rate -> rate.stage().equals(stage) && rate.threads() == threads)
        .mapToDouble(Rate::imagesPerSecond)
        .findFirst()
        .orElse(0);
  }
}
