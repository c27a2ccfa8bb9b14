// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.PhaseClock;
import io.stoker.data.image.Decoding;
import io.stoker.data.shard.DuplicateInput;
import io.stoker.data.shard.ManifestFile;
import io.stoker.data.shard.ShardColumns;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardFile;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSplit;
import io.stoker.data.shard.ShardWriter;
import io.stoker.data.shard.SourceTable;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourcePart;
import io.stoker.data.source.SplitNames;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Turns raw images into shards: lists the input; reads, decodes, resizes and encodes every image
 * once, on the executors; shuffles the samples into an order that depends on the seed and the
 * samples alone; writes the shards; and writes the manifest, last. The same input and options give
 * the same bytes, whatever the cluster. Pixels never reach the driver.
 *
 * <p>A job that fails leaves no manifest, and deletes the shards that it wrote.
 */
public final class PrepareJob {
  private static final Logger LOG = LoggerFactory.getLogger(PrepareJob.class);

  /** Tasks for each slot: enough that none waits long for the slowest. */
  private static final int TASKS_PER_SLOT = 8;

  /** The driver merges the counts of this many tasks by itself, of more the executors do first. */
  private static final int MOST_FOR_DRIVER = 32;

  /** Keeps other jobs from a folder of shards while this one writes there. */
  public interface Guard {
    /** For a folder whose lock the caller has, or whose name no other job knows. */
    Guard NONE =
        new Guard() {
          @Override
          public <T> T holding(Path output, Configuration hadoop, Callable<T> write)
              throws Exception {
            return write.call();
          }
        };

    /**
     * Writes shards while no other job does.
     *
     * @param output the folder
     * @param hadoop how to reach it
     * @param write writes them
     * @throws io.stoker.failure.InputException if another job writes there
     */
    <T> T holding(Path output, Configuration hadoop, Callable<T> write) throws Exception;
  }

  private final JavaSparkContext spark;
  private final PrepareOptions options;
  private final PhaseClock clock;
  private final Guard guard;
  private final Configuration hadoop;

  /**
   * @param spark where to run
   * @param options what to do
   */
  public PrepareJob(JavaSparkContext spark, PrepareOptions options) {
    this(spark, options, PhaseClock.ofNow(), Guard.NONE);
  }

  /**
   * @param spark where to run
   * @param options what to do
   * @param clock is told when a phase of the job ends
   * @param guard of the output
   */
  public PrepareJob(JavaSparkContext spark, PrepareOptions options, PhaseClock clock, Guard guard) {
    this.spark = spark;
    this.options = options;
    this.clock = clock;
    this.guard = guard;
    this.hadoop = spark.hadoopConfiguration();
  }

  /**
   * Prepares the images in files that the options name.
   *
   * @throws io.stoker.failure.InputException if the input cannot be used, too many of its images
   *     are broken, or the output must not be written to
   * @throws io.stoker.failure.ResourceException if there is no space left
   */
  public PrepareResult run() {
    return run(
        output -> {
          checkApart(options.input(), options.output());
          output.check(options.existingOutput());
          SourceListing listing = options.source().list(options.input(), hadoop);
          Check.input(!listing.parts().isEmpty(), "Input %s has no images", options.input());
          LOG.info(
              "Preparing {}: {} classes, {} parts",
              options.input(),
              listing.classNames().size(),
              listing.parts().size());
          clock.end("list the input");
          return alone(
              output,
              () ->
                  pack(
                      listing,
                      splitNames(listing),
                      List.of(),
                      ShardColumns.PLAIN,
                      output,
                      (task, configuration) ->
                          parts(listing)
                              .mapPartitions(
                                  parts -> task.pack(parts, configuration.value().value()))));
        });
  }

  /**
   * Prepares images that are rows, of an RDD or a data frame. The shards have the same bytes
   * however the rows are partitioned and ordered.
   *
   * @param rows the images; the options need no source, and an input only for messages
   * @throws io.stoker.failure.InputException if the rows cannot be used, too many of their images
   *     are broken, or the output must not be written to
   * @throws io.stoker.failure.ResourceException if there is no space left
   */
  public PrepareResult run(ImageRows rows) {
    return run(
        output -> {
          if (options.hasInput()) {
            checkApart(options.input(), options.output());
          }
          output.check(options.existingOutput());
          ImageRows.Summary summary = summary(rows);
          LOG.info(
              "Preparing {} rows: {} classes",
              summary.listing().samples().orElseThrow(),
              summary.listing().classNames().size());
          clock.end("list the input");
          return alone(
              output,
              () ->
                  pack(
                      summary.listing(),
                      ordered(options.splitNames(summary.splits())),
                      rows.tables(),
                      rows.shardColumns(),
                      output,
                      (task, configuration) -> rows.blocks(summary, task, configuration)));
        });
  }

  private ImageRows.Summary summary(ImageRows rows) {
    Broadcast<SerializableConfiguration> configuration =
        spark.broadcast(new SerializableConfiguration(hadoop));
    try {
      return rows.summary(configuration);
    } finally {
      Broadcasts.destroy(configuration);
    }
  }

  /** What there is to do once it is known where to. */
  private interface Work {
    ManifestFile.Stored to(ShardOutput output) throws Exception;
  }

  /** The first stage: all images decoded, resized and encoded. */
  private interface FirstStage {
    JavaRDD<PackedBlock> blocks(PackTask task, Broadcast<SerializableConfiguration> configuration);
  }

  private PrepareResult run(Work work) {
    Instant start = Instant.now();
    try {
      ManifestFile.Stored stored = work.to(new ShardOutput(options.output(), hadoop));
      return new PrepareResult(
          stored.manifest(), stored.sha256(), Duration.between(start, Instant.now()));
    } catch (Exception e) { // Spark throws checked exceptions that its Java methods do not declare.
      throw PrepareFailure.of(e, options);
    }
  }

  /** An output inside the input would be read as input the next time. */
  private void checkApart(Path input, Path output) throws IOException {
    String in = qualified(input);
    String out = qualified(output);
    Check.input(
        !(out + "/").startsWith(in + "/"),
        "Invalid output: %s is the input, or inside it (choose another folder)",
        output);
  }

  private String qualified(Path path) throws IOException {
    String text = Storage.of(path, hadoop).makeQualified(path).toString();
    return text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
  }

  /** Packs while no other job writes to the output. */
  private ManifestFile.Stored alone(ShardOutput output, Callable<ManifestFile.Stored> pack)
      throws Exception {
    return guard.holding(
        options.output(),
        hadoop,
        () -> {
          output.checkContents(options.existingOutput()); // It may be another job's by now.
          SharedStorage.require(spark, options.output(), List.of());
          return pack.call();
        });
  }

  private ManifestFile.Stored pack(
      SourceListing listing,
      List<String> splitNames,
      List<SourceTable> tables,
      ShardColumns columns,
      ShardOutput output,
      FirstStage first)
      throws IOException {
    PackTask task = PackTask.of(options, splitNames);
    Broadcast<SerializableConfiguration> configuration =
        spark.broadcast(new SerializableConfiguration(hadoop));
    // The second stage reads what the first one made; decoding twice would cost more than a disk.
    JavaRDD<PackedBlock> blocks =
        first.blocks(task, configuration).persist(StorageLevel.DISK_ONLY());
    try {
      PackStatistics statistics = count(blocks, splitNames, listing.classNames().size());
      PackReport report = new PackReport(options, listing, splitNames);
      clock.end("read and pack images");
      report.check(statistics);
      SharedStorage.require(spark, options.output(), List.of()); // More executors may be there now.
      List<DuplicateInput> duplicates = report.duplicates(statistics);
      ShardEncoding encoding = task.encodingOf(statistics.pixelBytes());
      ShardLayout layout = ShardLayout.of(splitNames, statistics, options.shardBytes());
      output.begin(layout.files());
      ManifestFile.Stored stored = null;
      try {
        List<ShardFile> shards =
            WritingTasks.run(
                spark.sc(),
                () -> write(blocks, dropped(statistics), layout, encoding, columns, configuration));
        clock.end("write shards");
        stored =
            output.finish(
                new ShardManifest(
                    ShardManifest.FORMAT_VERSION,
                    listing.classNames(),
                    statistics.shapes().orElseThrow(),
                    encoding,
                    options.decoding() == Decoding.EXACT,
                    options.seed(),
                    statistics.trainPixels().statistics(),
                    splits(splitNames, statistics, layout, shards),
                    report.count(duplicates),
                    report.rejected(statistics),
                    listing.ignored(),
                    tables),
                duplicates,
                options.record());
        clock.end("write the manifest");
        return stored;
      } finally {
        if (stored == null) {
          abandon(output, layout.files());
        }
      }
    } finally {
      if (!spark.sc().isStopped()) { // Executors do not answer a stopped context.
        blocks.unpersist(true);
      }
      Broadcasts.destroy(configuration);
    }
  }

  private JavaRDD<SourcePart> parts(SourceListing listing) {
    int slots = Math.max(1, spark.defaultParallelism());
    int tasks = Math.min(listing.parts().size(), slots * TASKS_PER_SLOT);
    return spark.parallelize(listing.parts(), tasks);
  }

  /** One pass over the images: it fills the cache that the shards are written from. */
  private PackStatistics count(JavaRDD<PackedBlock> blocks, List<String> splitNames, int classes) {
    PrepareOptions.Duplicates duplicates = options.duplicates();
    int splits = splitNames.size();
    int partitions = blocks.getNumPartitions();
    MeasuredSample.DuplicateOrder order = new MeasuredSample.DuplicateOrder(splitNames);
    return blocks
        .flatMapToPair(block -> byFingerprint(block, partitions).iterator())
        .partitionBy(new HashPartitioner(partitions))
        .values()
        .mapPartitions(
            parts -> List.of(counted(parts, splits, classes, order, duplicates)).iterator())
        .treeReduce(PackStatistics::merge, partitions <= MOST_FOR_DRIVER ? 1 : 2);
  }

  /** Rejected inputs, and samples without their images, copies of one image under one key. */
  private static List<Tuple2<Integer, PackedBlock>> byFingerprint(
      PackedBlock block, int partitions) {
    List<Tuple2<Integer, PackedBlock>> parts =
        block.withoutImages().divide(row -> Math.floorMod(block.fingerprint(row), partitions));
    if (!block.rejected().isEmpty()) {
      parts.add(new Tuple2<>(0, PackedBlock.of(block.rejected())));
    }
    return parts;
  }

  private static PackStatistics counted(
      Iterator<PackedBlock> parts,
      int splits,
      int classes,
      MeasuredSample.DuplicateOrder order,
      PrepareOptions.Duplicates duplicates) {
    PackStatistics statistics = new PackStatistics(splits, classes);
    List<PackedBlock> blocks = new ArrayList<>();
    parts.forEachRemaining(blocks::add);
    blocks.forEach(block -> statistics.reject(block.rejected()));
    SortedRows rows = SortedRows.of(blocks, PackedBlock::fingerprint);
    for (int first = 0, end; first < rows.size(); first = end) {
      end = rows.endOfEqual(first);
      if (end == first + 1) {
        rows.get(first, statistics::add);
      } else {
        List<MeasuredSample> equal = rows.list(first, end, PackedBlock::measured);
        equal.sort(order);
        statistics.addAll(equal, duplicates);
      }
    }
    return statistics;
  }

  /**
   * The ids of samples that do not go to the shards, sorted. Of rows that are equal in everything,
   * original and copy have the same id: both stay here, and are told apart when the shard is
   * written.
   */
  private long[] dropped(PackStatistics statistics) {
    if (options.duplicates() == PrepareOptions.Duplicates.KEEP) {
      return new long[0];
    }
    return statistics.copies().stream()
        .filter(copy -> copy.sample().sampleId() != copy.original().sampleId())
        .mapToLong(copy -> copy.sample().sampleId())
        .sorted()
        .toArray();
  }

  private List<String> splitNames(SourceListing listing) {
    return ordered(
        options.splitNames(
            listing.parts().stream().flatMap(part -> part.split().stream()).distinct().toList()));
  }

  private static List<String> ordered(List<String> names) {
    return Stream.concat(
            SplitNames.USUAL.stream().filter(names::contains),
            names.stream().filter(name -> !SplitNames.USUAL.contains(name)).sorted())
        .toList();
  }

  private List<ShardFile> write(
      JavaRDD<PackedBlock> blocks,
      long[] dropped,
      ShardLayout layout,
      ShardEncoding encoding,
      ShardColumns columns,
      Broadcast<SerializableConfiguration> configuration)
      throws IOException {
    // What is relative to the driver's folder would be another place for an executor.
    String folder = qualified(options.output());
    PrepareOptions.Duplicates duplicates = options.duplicates();
    return blocks
        .flatMapToPair(block -> byCell(block, layout, dropped).iterator())
        .repartitionAndSortWithinPartitions(layout)
        .mapPartitionsWithIndex(
            (shard, cells) ->
                List.of(
                        writeShard(
                            new Path(folder, layout.files().get(shard)),
                            new DistinctSamples(new CellOrder(cells), duplicates),
                            encoding,
                            columns,
                            configuration.value().value()))
                    .iterator(),
            true)
        .collect();
  }

  private static List<Tuple2<Integer, PackedBlock>> byCell(
      PackedBlock block, ShardLayout layout, long[] dropped) {
    return block.divide(
        row ->
            Arrays.binarySearch(dropped, block.sampleId(row)) >= 0
                ? PackedBlock.NO_KEY
                : layout.cell(block.split(row), block.order(row)));
  }

  private static ShardFile writeShard(
      Path file,
      Iterator<PackedSample> samples,
      ShardEncoding encoding,
      ShardColumns columns,
      Configuration hadoop)
      throws IOException {
    try (ShardWriter writer = new ShardWriter(file, encoding, columns, hadoop)) {
      while (samples.hasNext()) {
        writer.write(samples.next().toShardSample());
      }
      return writer.finish();
    }
  }

  private static Map<String, ShardSplit> splits(
      List<String> names, PackStatistics statistics, ShardLayout layout, List<ShardFile> shards) {
    Map<String, ShardSplit> splits = new LinkedHashMap<>();
    for (int split = 0; split < names.size(); split++) {
      int first = layout.firstShard(split);
      splits.put(
          names.get(split),
          new ShardSplit(
              statistics.samples(split),
              Arrays.stream(statistics.samplesPerClass(split)).boxed().toList(),
              new ArrayList<>(shards.subList(first, first + layout.shardCount(split)))));
    }
    return splits;
  }

  private static void abandon(ShardOutput output, List<String> shards) {
    try {
      output.abandon(shards);
    } catch (IOException e) { // The failure that led here is the one to report.
      LOG.warn("Cannot delete what was written: {}", e.toString());
    }
  }
}
