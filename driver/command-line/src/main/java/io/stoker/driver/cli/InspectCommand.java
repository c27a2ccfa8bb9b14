// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Table;
import io.stoker.data.batch.TrainingInput;
import io.stoker.data.block.BlockCache;
import io.stoker.data.block.SplitBlocks;
import io.stoker.data.image.ImageShape;
import io.stoker.data.plan.Sampling;
import io.stoker.data.shard.ChannelStatistics;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSplit;
import io.stoker.data.storage.OutputFile;
import io.stoker.data.storage.Storage;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.DataOption;
import io.stoker.driver.command.InputOptions;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.drawing.ContactSheet;
import io.stoker.driver.drawing.OutputPicture;
import io.stoker.driver.order.EpochOrder;
import io.stoker.driver.order.OrderJob;
import io.stoker.driver.order.OrderRequest;
import io.stoker.failure.Check;
import io.stoker.worker.runtime.TrainingData;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "inspect",
    header = "Shows the content of prepared data: classes, splits, statistics, samples.",
    customSynopsis = "./stoker [spark-submit option]... inspect --data URI [option]...")
final class InspectCommand extends StokerCommand {
  @Spec private CommandSpec spec;

  @Mixin private DataOption data;

  @Option(
      names = "--sheet",
      paramLabel = "FILE.png",
      description =
          "Also draw a sample of each class into this file, before and after augmentation.")
  private String sheet;

  @Mixin private InputOptions input;

  @Option(
      names = "--split",
      paramLabel = "NAME",
      defaultValue = "train",
      description = "The split that samples are taken from (default: ${DEFAULT-VALUE}).")
  private String split;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description = "The seed of order and augmentation (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--order",
      paramLabel = "EPOCH",
      description =
          "Also read this epoch (from 0) on the cluster as the workers of a job do, and print the"
              + " ids of the samples in the order of reading.")
  private Integer orderEpoch;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description = "With --order: the number of logical workers (default: ${DEFAULT-VALUE}).")
  private int workers;

  @Option(
      names = "--batch",
      paramLabel = "B",
      defaultValue = "64",
      description = "With --order: examples per worker and step (default: ${DEFAULT-VALUE}).")
  private int batch;

  @Option(
      names = "--sampling",
      paramLabel = "natural|balanced",
      defaultValue = "natural",
      description =
          "For --order: each sample once, or each class equally often (default:"
              + " ${DEFAULT-VALUE}).")
  private String sampling;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "For --order: how often each sample comes in a step (default: ${DEFAULT-VALUE}).")
  private int repeats;

  InspectCommand(Console console) {
    super(console);
  }

  @Override
  protected Report execute() throws IOException {
    Configuration hadoop = SparkSetup.hadoop();
    input.check();
    refuseIdleOptions();
    Check.input(
        sheet == null || sheet.endsWith(".png"), "Invalid sheet: %s (must end in .png)", sheet);
    Optional<OutputPicture> picture =
        Optional.ofNullable(sheet)
            .map(uri -> new OutputPicture(uri, OutputFile.check("--sheet", uri, hadoop)));
    ShardFolder folder = ShardFolder.open(Storage.path(data.uri), hadoop);
    ObjectNode json = json(folder);
    StringBuilder text = new StringBuilder(text(folder.manifest()));
    if (picture.isPresent()) {
      SplitBlocks blocks = new SplitBlocks(folder, split, new BlockCache(0));
      TrainingInput training = input.input(folder.manifest().image());
      boolean changes = !training.equals(TrainingInput.plain(folder.manifest().image()));
      picture
          .get()
          .write(
              new ContactSheet(blocks, changes ? Optional.of(training) : Optional.empty(), seed)
                  .draw());
      text.append("sheet: ").append(sheet).append('\n');
      json.put("sheet", sheet);
    }
    if (orderEpoch != null) {
      text.append(order(folder.manifest().image(), json.putObject("order")));
    }
    return new Report(text.toString(), json);
  }

  private void refuseIdleOptions() {
    if (orderEpoch == null) {
      refuse(spec, "--order", List.of("--workers", "--batch", "--sampling", "--repeats"));
    }
    if (orderEpoch == null && sheet == null) {
      refuse(
          spec,
          "--sheet or --order",
          List.of("--augment", "--mixup", "--cutmix", "--input-size", "--seed", "--split"));
    }
  }

  private String order(ImageShape image, ObjectNode json) {
    OrderRequest request =
        new OrderRequest(
            data.uri,
            split,
            input.images(image),
            new TrainingData.Order(Sampling.parse(sampling), repeats, seed, workers, batch),
            orderEpoch);
    EpochOrder order;
    try (JavaSparkContext spark = SparkSetup.start("inspect")) {
      order = OrderJob.run(spark, request);
    }
    json.put("epoch", orderEpoch)
        .put("seed", seed)
        .put("workers", workers)
        .put("batch", batch)
        .put("sampling", sampling)
        .put("steps", order.steps())
        .put("samples", order.samples())
        .put("order_sha256", order.orderSha256())
        .put("batches_sha256", order.batchesSha256());
    StringBuilder text = new StringBuilder();
    for (int step = 0; step < order.steps(); step++) {
      for (int worker = 0; worker < workers; worker++) {
        text.append(Line.of("step %d worker %d:", step, worker));
        for (long id : order.workers().get(worker).steps()[step]) {
          text.append(' ').append(id);
        }
        text.append('\n');
      }
    }
    return "%sorder: SHA-256 %s%nbatches: SHA-256 %s%n"
        .formatted(text, order.orderSha256(), order.batchesSha256());
  }

  private static String text(ShardManifest manifest) {
    List<String> names = List.copyOf(manifest.splits().keySet());
    Integer[] numbers = new Integer[names.size()];
    List<String> header = new ArrayList<>(List.of("class"));
    List<String> total = new ArrayList<>(List.of("all"));
    for (int i = 0; i < names.size(); i++) {
      numbers[i] = i + 1;
      header.add(names.get(i));
      total.add(Line.of("%,d", manifest.splits().get(names.get(i)).samples()));
    }
    Table table = new Table(numbers).row(header.toArray(String[]::new));
    for (int label = 0; label < manifest.classes(); label++) {
      int index = label;
      List<String> row = new ArrayList<>(List.of(manifest.classNames().get(label)));
      manifest
          .splits()
          .values()
          .forEach(part -> row.add(Line.of("%,d", part.samplesPerClass().get(index))));
      table.row(row.toArray(String[]::new));
    }
    table.row(total.toArray(String[]::new));
    ChannelStatistics statistics = manifest.statistics();
    return "%s%nimages of %s as %s, mean %s, standard deviation %s per channel (0 to 255)%n%s, %s%n"
        .formatted(
            table,
            manifest.images(),
            manifest.encoding().name() + (manifest.exactPixels() ? " (--exact-pixels)" : ""),
            numbers(statistics.mean()),
            numbers(statistics.standardDeviation()),
            PrepareCommand.account(manifest),
            PrepareCommand.duplicates(manifest.duplicates()));
  }

  private static String numbers(List<Double> values) {
    return values.stream().map(value -> Line.of("%.2f", value)).collect(Collectors.joining(" "));
  }

  private ObjectNode json(ShardFolder folder) {
    ShardManifest manifest = folder.manifest();
    ObjectNode json = Report.object();
    json.put("data", data.uri).put("manifest_sha256", folder.manifestHash());
    json.setAll(Report.object(manifest.images()));
    json.put("encoding", manifest.encoding().name())
        .put("exact_pixels", manifest.exactPixels())
        .put("found", manifest.found())
        .put("read", manifest.read())
        .put("rejected", manifest.rejected().size())
        .put("ignored", manifest.ignored().size())
        .set("duplicates", Report.object(manifest.duplicates()));
    manifest.classNames().forEach(json.putArray("class_names")::add);
    manifest.statistics().mean().forEach(json.putArray("mean")::add);
    manifest.statistics().standardDeviation().forEach(json.putArray("standard_deviation")::add);
    ObjectNode splits = json.putObject("splits");
    manifest.splits().forEach((name, part) -> put(splits.putObject(name), part));
    return json;
  }

  private static void put(ObjectNode json, ShardSplit split) {
    json.put("samples", split.samples()).put("shards", split.shards().size());
    split.samplesPerClass().forEach(json.putArray("samples_per_class")::add);
  }
}
