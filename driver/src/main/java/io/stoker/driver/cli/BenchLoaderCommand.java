package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.data.batch.BlockCache;
import io.stoker.data.batch.LoaderBench;
import io.stoker.data.batch.LoaderBench.Rate;
import io.stoker.data.batch.SplitBlocks;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "loader",
    header = "Measures how fast shards become batches, beside the bare image codec, without Spark.",
    customSynopsis = "./stoker bench loader --data URI [option]...")
final class BenchLoaderCommand extends StokerCommand {
  @Option(
      names = "--data",
      paramLabel = "URI",
      required = true,
      description = "Shards, made by prepare.")
  private String data;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "What to read (default: ${DEFAULT-VALUE}).")
  private String split;

  @Mixin private InputOptions inputOptions;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "64",
      description = "Examples of a batch (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Of the last measurement (default: all cores).")
  private Integer threads;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "3",
      description = "For each stage, after a warm-up (default: ${DEFAULT-VALUE}).")
  private double seconds;

  BenchLoaderCommand(Console console) {
    super(console);
  }

  @Override
  Report execute() throws IOException {
    ShardFolder folder = ShardFolder.open(Storage.path(data), SparkSide.hadoop());
    SplitBlocks blocks = new SplitBlocks(folder, split, new BlockCache(0));
    TrainingInput input = inputOptions.input(folder.manifest().image());
    LoaderBench bench = new LoaderBench(blocks, input, batch, seconds);
    List<Rate> rates =
        bench.run(threads == null ? Runtime.getRuntime().availableProcessors() : threads);
    ObjectNode json = Report.object();
    json.put("data", data).put("augment", inputOptions.augmentations());
    Table table = new Table(1, 2, 3).row("stage", "threads", "images/s", "MB/s");
    for (Rate rate : rates) {
      table.row(
          rate.stage(),
          "%d".formatted(rate.threads()),
          "%,.0f".formatted(rate.imagesPerSecond()),
          "%,.0f".formatted(rate.megabytesPerSecond()));
      json.withArray("rates").add(Report.object(rate));
    }
    String text =
        "%s images as %s, %s:%n%s"
            .formatted(
                folder.manifest().image(),
                folder.manifest().encoding(),
                inputOptions.augmentations(),
                table);
    double codec = find(rates, "codec");
    if (codec > 0) {
      double share = find(rates, "loader") / codec;
      json.put("loader_to_codec", share);
      text += "the loader on one core: %.0f %% of the bare codec's rate%n".formatted(100 * share);
    }
    return new Report(text, json);
  }

  /** The first rate of a stage; 0 if there is none. */
  private static double find(List<Rate> rates, String stage) {
    return rates.stream()
        .filter(rate -> rate.stage().equals(stage))
        .mapToDouble(Rate::imagesPerSecond)
        .findFirst()
        .orElse(0);
  }
}
