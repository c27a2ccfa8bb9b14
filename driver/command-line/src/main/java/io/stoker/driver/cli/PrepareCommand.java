// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.PhaseClock;
import io.stoker.base.Table;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.SparkTable;
import io.stoker.data.pack.ImageRows;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.PrepareOptions.Duplicates;
import io.stoker.data.pack.PrepareOptions.ExistingOutput;
import io.stoker.data.pack.PrepareResult;
import io.stoker.data.pack.SplitFractions;
import io.stoker.data.shard.DuplicateCounts;
import io.stoker.data.shard.ShardEncoding;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.CsvSource;
import io.stoker.data.source.ImagePaths;
import io.stoker.data.source.ImageSources;
import io.stoker.data.source.parquet.ParquetTable;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.data.storage.Storage;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.ExactPixelsOption;
import io.stoker.driver.command.Line;
import io.stoker.driver.command.Report;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.StokerCommand;
import io.stoker.driver.run.ShardsLock;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "prepare",
    header = "Turns raw images into shards, ready for training.",
    customSynopsis =
        "./stoker [spark-submit option]... prepare --input URI --output URI [option]...",
    description = {
      "",
      "Images that cannot be read are counted, listed in the manifest and left out. The same input"
          + " and options give the same bytes on every cluster."
    })
final class PrepareCommand extends StokerCommand {
  @Option(
      names = "--input",
      paramLabel = "URI",
      required = true,
      description =
          "The folder or file with the images; a URI. With --format table also the name of a table,"
              + " such as catalog.db.table.")
  private String input;

  @Option(
      names = "--format",
      paramLabel = "folder|idx|cifar|tar|csv|parquet|table|NAME",
      defaultValue = "folder",
      description =
          "The format of the input. folder: a folder for each class. idx: MNIST's files. cifar:"
              + " CIFAR's binary files. tar: archives that hold pairs of image and label, an"
              + " archive for each class, or a folder for each class. csv: a list of paths and"
              + " labels. parquet: tables with a column of images and one of labels, as Hugging"
              + " Face has them. table: a table that Spark SQL reads, by its name in a catalog or"
              + " with --table-format. Or the name of an image source on the class path (default:"
              + " ${DEFAULT-VALUE}).")
  private String format;

  @Option(
      names = "--image-column",
      paramLabel = "NAME",
      description =
          "With --format parquet or table: the column of images (default: found by its type and"
              + " name).")
  private String imageColumn;

  @Option(
      names = "--label-column",
      paramLabel = "NAME",
      description =
          "With --format parquet or table: the column of labels (default: found by its type and"
              + " name).")
  private String labelColumn;

  @Option(
      names = "--split-column",
      paramLabel = "NAME",
      description =
          "With --format parquet or table: the column of splits (default: the names of Parquet"
              + " files say the split, else --split does).")
  private String splitColumn;

  @Option(
      names = "--weight-column",
      paramLabel = "NAME",
      description =
          "With --format parquet or table: the column that says how much a sample counts in the"
              + " loss, a number above 0 (default: all count the same).")
  private String weightColumn;

  @Option(
      names = "--table-format",
      paramLabel = "delta|iceberg|NAME",
      description =
          "With --format table: --input is the URI of a table in this format, of which Spark has a"
              + " reader; --packages brings that of Delta and Iceberg (default: --input is the name"
              + " of a table in a catalog).")
  private String tableFormat;

  @Option(
      names = "--table-version",
      paramLabel = "N",
      description =
          "With --format table: read this version of a Delta table, or this snapshot of an Iceberg"
              + " table (default: the newest). The manifest records it.")
  private String tableVersion;

  @Option(
      names = "--allow-paths",
      paramLabel = "URI,...",
      split = ",",
      description =
          "With --format csv, parquet or table: folders from which the input may name image files,"
              + " in addition to its own (default: none; rows that name others are rejected).")
  private List<String> allowedPaths = List.of();

  @Option(
      names = "--output",
      paramLabel = "URI",
      required = true,
      description = "The folder to create, for the shards and their manifest; a URI.")
  private String output;

  @Option(
      names = "--size",
      paramLabel = "N",
      description =
          "Resize the short side of each image to N pixels and crop the centre square; 0 keeps the"
              + " images' sizes (default: 0).")
  private Integer size;

  @Option(
      names = "--channels",
      paramLabel = "1|3",
      description = "1 for grey images, 3 for colour (default: 1 for idx, else 3).")
  private Integer channels;

  @Option(
      names = "--encoding",
      paramLabel = "raw|jpeg|png",
      description =
          "The encoding of images in the shards; jpeg=90 also sets the quality (default: raw for"
              + " small images, else jpeg).")
  private String encoding;

  @Option(
      names = "--shard-mb",
      paramLabel = "N",
      description = "The approximate size of a shard in MB (default: 32).")
  private Integer shardMegabytes;

  @Option(
      names = "--split",
      paramLabel = "NAME=FRACTION,...",
      description =
          "The splits and their shares, for an input that has no splits of its own (default:"
              + " train=0.9,test=0.1).")
  private String splits;

  @Option(
      names = "--split-train",
      paramLabel = "NAME=FRACTION,...",
      description =
          "Take splits out of train, whether the input or --split makes it, such as"
              + " validation=0.1 for a tenth of its images (default: none).")
  private String trainSplits;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "The seed of the order and of the splits (default: 0).")
  private Long seed;

  @Option(
      names = "--max-rejected",
      paramLabel = "SHARE",
      description = "Fail if a larger share of the images cannot be read (default: 0.01).")
  private Double maximumRejected;

  @Option(
      names = "--max-pixels",
      paramLabel = "N",
      description = "Reject images with more pixels, before they are decoded (default: 64000000).")
  private Long maximumPixels;

  @Mixin private ExactPixelsOption exactPixels;

  @Option(
      names = "--drop-duplicates",
      description =
          "Keep only one of several equal images: that of test, else of validation, else of another"
              + " split, else of train (default: keep all, and list them).")
  private boolean dropDuplicates;

  @Option(
      names = "--overwrite",
      description = "Replace shards at the output; nothing that Stoker did not write is deleted.")
  private boolean overwrite;

  @Option(
      names = "--timing",
      description =
          "Also show where the time went: wall time and processor time of each phase, from the"
              + " start of the process.")
  private boolean timing;

  PrepareCommand(Console console) {
    super(console);
  }

  @Override
  protected boolean timing() {
    return timing;
  }

  @Override
  protected Report execute() {
    PrepareOptions options = options();
    SparkConf submitted = new SparkConf();
    Map<String, String> configuration = new TreeMap<>(SparkTable.configuration(named(tableFormat)));
    configuration.keySet().removeIf(submitted::contains);
    try (JavaSparkContext spark = SparkSetup.start("prepare", configuration)) {
      clock().end("start Spark");
      return report(options, run(spark, options, clock(), ShardsLock::holding));
    }
  }

  /**
   * Prepares the input.
   *
   * @param options those of this command, perhaps with another output
   * @param guard of the output
   */
  PrepareResult run(
      JavaSparkContext spark, PrepareOptions options, PhaseClock clock, PrepareJob.Guard guard) {
    PrepareJob job = new PrepareJob(spark, options, clock, guard);
    return isRows() ? job.run(rows(spark, options)) : job.run();
  }

  /**
   * The values that decide what the shards hold.
   *
   * @throws InputException if they are not decided by files of the input
   */
  Map<String, String> describe(PrepareOptions options) {
    Check.input(
        !isTable() && !isList(),
        "Cannot train on --format %s directly, because its images are not files of the input:"
            + " prepare it first, and say --data",
        format);
    Check.input(
        allowedPaths.isEmpty(),
        "Cannot train on images of --allow-paths directly, because they are not files of the input:"
            + " prepare it first, and say --data");
    Map<String, String> described = new TreeMap<>(options.describe());
    described.put("format", format);
    described.put("image-column", named(imageColumn));
    described.put("label-column", named(labelColumn));
    described.put("split-column", named(splitColumn));
    described.put("weight-column", named(weightColumn));
    described.put("allow-paths", String.join(",", allowedPaths));
    return described;
  }

  private boolean isTable() {
    return format.equals(ImageSources.TABLE);
  }

  private boolean isList() {
    return format.equals(CsvSource.NAME);
  }

  private boolean isRows() {
    return isTable() || format.equals(ImageSources.PARQUET);
  }

  private ImageRows rows(JavaSparkContext spark, PrepareOptions options) {
    TableColumns columns =
        new TableColumns(
            named(imageColumn), named(labelColumn), named(splitColumn), named(weightColumn));
    if (isTable()) {
      SparkTable table = table(SparkSession.builder().sparkContext(spark.sc()).getOrCreate());
      return ImageRows.of(
          table,
          FrameColumns.find(table.rows().schema(), columns)
              .withFiles(tableFiles(options, spark.hadoopConfiguration())));
    }
    try {
      // Shards are found again by the content of their input, and these files are not in it.
      boolean siblings = options.record().isEmpty();
      return ImageRows.of(
          spark,
          ParquetTable.open(
              options.input(), columns, allowed(), siblings, spark.hadoopConfiguration()));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + options.input(), e);
    }
  }

  /** A table of a catalog has no folder of its own. */
  private ImagePaths tableFiles(PrepareOptions options, Configuration hadoop) {
    try {
      return ImagePaths.inside(
          tableFormat == null ? Optional.empty() : Optional.of(options.input()), allowed(), hadoop);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach the folders of --allow-paths", e);
    }
  }

  private List<Path> allowed() {
    return allowedPaths.stream().map(Storage::path).toList();
  }

  private SparkTable table(SparkSession session) {
    return tableFormat == null
        ? SparkTable.named(session, input, named(tableVersion))
        : SparkTable.at(session, input, tableFormat, named(tableVersion));
  }

  private static String named(String column) {
    return column == null ? "" : column;
  }

  PrepareOptions options() {
    Check.input(
        isRows()
            || (imageColumn == null
                && labelColumn == null
                && splitColumn == null
                && weightColumn == null),
        "--image-column, --label-column, --split-column and --weight-column need --format parquet"
            + " or table");
    Check.input(
        isTable() || (tableFormat == null && tableVersion == null),
        "--table-format and --table-version need --format table");
    Check.input(
        isRows() || isList() || allowedPaths.isEmpty(),
        "--allow-paths needs --format csv, parquet or table: other inputs name no files");
    PrepareOptions.Builder builder =
        PrepareOptions.builder()
            .rowsName(input)
            .output(Storage.path(output))
            .decoding(exactPixels.decoding())
            .duplicates(dropDuplicates ? Duplicates.DROP : Duplicates.KEEP)
            .existingOutput(overwrite ? ExistingOutput.OVERWRITE : ExistingOutput.REFUSE);
    if (!isTable() || tableFormat != null) {
      builder.input(Storage.path(input));
    }
    if (!isRows()) {
      builder.source(isList() ? new CsvSource(allowed()) : ImageSources.named(format));
    }
    Optional.ofNullable(size).ifPresent(builder::size);
    Optional.ofNullable(channels).ifPresent(builder::channels);
    Optional.ofNullable(encoding).ifPresent(text -> builder.encoding(ShardEncoding.parse(text)));
    Optional.ofNullable(shardMegabytes).ifPresent(builder::shardMegabytes);
    Optional.ofNullable(splits).ifPresent(text -> builder.splits(SplitFractions.parse(text)));
    Optional.ofNullable(trainSplits)
        .ifPresent(text -> builder.trainSplits(SplitFractions.parseOfTrain(text)));
    Optional.ofNullable(seed).ifPresent(builder::seed);
    Optional.ofNullable(maximumRejected).ifPresent(builder::maximumRejected);
    Optional.ofNullable(maximumPixels).ifPresent(builder::maximumPixels);
    return builder.build();
  }

  static Report report(PrepareOptions options, PrepareResult result) {
    ShardManifest manifest = result.manifest();
    double seconds = result.duration().toNanos() / 1e9;
    ObjectNode json = Report.object();
    json.put("output", options.output().toString())
        .put("samples", result.samples())
        .put("classes", manifest.classes())
        .put("found", manifest.found())
        .put("read", manifest.read())
        .put("rejected", manifest.rejected().size())
        .put("ignored", manifest.ignored().size())
        .put("manifest_sha256", result.manifestHash())
        .put("seconds", seconds)
        .put("images_per_second", result.samples() / seconds)
        .set("duplicates", Report.object(manifest.duplicates()));
    manifest.tables().forEach(source -> json.withArray("tables").add(Report.object(source)));
    ObjectNode splits = json.putObject("splits");
    Table table = new Table(1, 2).row("split", "samples", "shards");
    manifest
        .splits()
        .forEach(
            (name, split) -> {
              int shards = split.shards().size();
              table.row(name, Line.of("%,d", split.samples()), Line.of("%,d", shards));
              splits.putObject(name).put("samples", split.samples()).put("shards", shards);
            });
    String text =
        Line.of(
            "%s%n%s images of %s in %d classes%s, %s, %s, in %.1f s: %s%n",
            table,
            Line.of("%,d", result.samples()),
            manifest.images(),
            manifest.classes(),
            manifest.tables().stream()
                .map(source -> " from table " + source)
                .collect(Collectors.joining()),
            account(manifest),
            duplicates(manifest.duplicates()),
            seconds,
            options.output());
    return new Report(text, json);
  }

  /** What became of the entries of the input, in words. */
  static String account(ShardManifest manifest) {
    return Line.of(
        "%,d found: %,d read, %,d rejected, %,d ignored",
        manifest.found(), manifest.read(), manifest.rejected().size(), manifest.ignored().size());
  }

  /** How many duplicates there are, in words. */
  static String duplicates(DuplicateCounts counts) {
    return Line.of(
        "%d duplicates%s%s%s",
        counts.copies(),
        counts.dropped() > 0 ? " dropped" : "",
        counts.acrossSplits() > 0 ? Line.of(" (%d across splits)", counts.acrossSplits()) : "",
        counts.acrossClasses() > 0 ? Line.of(" (%d across classes)", counts.acrossClasses()) : "");
  }
}
