// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.data.frame.ImageColumn;
import io.stoker.data.pack.SharedStorage;
import io.stoker.data.pack.WritingTasks;
import io.stoker.data.shard.ShardFolder;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.ShardSplit;
import io.stoker.data.source.ImageTree;
import io.stoker.data.storage.NoSpace;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.evaluate.TrainedNetwork;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.Check;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Classifies a folder of images or of shards on the executors, and writes Parquet, as {@link
 * PredictionFolder} says.
 *
 * <p>Each attempt of a task writes a file of its own. The files of the attempts whose results Spark
 * accepted are the predictions. The files of other attempts are deleted with the staging folder.
 */
public final class BulkPredictJob {
  private static final String PATH = "path";

  /** Why a listed file cannot even be opened. */
  private static final String PROBLEM = "problem";

  private static final StructType LISTING =
      new StructType()
          .add(PATH, DataTypes.StringType, false)
          .add(PROBLEM, DataTypes.StringType, true);

  /** About how many rows a Parquet file has at most. */
  private static final int FILE_ROWS = 20_000;

  private BulkPredictJob() {}

  /**
   * Classifies the images.
   *
   * @param spark the cluster
   * @param request which images, and where to
   * @throws io.stoker.failure.StokerException if checkpoint, input or output cannot be used
   */
  public static BulkPredictResult run(JavaSparkContext spark, BulkPredictRequest request) {
    long start = System.nanoTime();
    Configuration hadoop = spark.hadoopConfiguration();
    Path input = Locations.absolute(request.input(), hadoop);
    Path output = Locations.absolute(request.output(), hadoop);
    StoredModel model = request.model().openToPredict(hadoop);
    try {
      PredictionFolder folder = new PredictionFolder(output, hadoop);
      folder.check(input, request.existing());
      Images images = images(spark, input, request.split());
      JavaRDD<Row> scored =
          Scoring.score(
              spark,
              images.rows(),
              images.column(),
              TrainedNetwork.of(
                  List.of(model),
                  request.model().engine(),
                  Math.max(request.batch(), request.model().testViews().count()),
                  request.model().arithmetic()),
              new TopColumns(model.metadata().classNames(), request.top()),
              request.model().testViews());
      List<PredictionFile> files = write(spark, scored, images, folder, output);
      return result(output, images, files, model, start);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + output, e);
    }
  }

  /**
   * Images as rows.
   *
   * @param rows one per image
   * @param columns which of their columns are written
   * @param column the column that holds the images
   * @param count how many there are
   * @param ignored how many entries of the folder are no images by name, or hidden, or not followed
   */
  private record Images(
      JavaRDD<Row> rows,
      PredictionFile.Columns columns,
      ImageColumn column,
      long count,
      long ignored) {}

  private static Images images(JavaSparkContext spark, Path input, String split)
      throws IOException {
    Configuration hadoop = spark.hadoopConfiguration();
    FileSystem fileSystem = Storage.of(input, hadoop);
    if (fileSystem.exists(new Path(input, ShardManifest.FILE))) {
      ShardFolder folder = ShardFolder.open(input, hadoop);
      ShardManifest manifest = folder.manifest();
      long samples =
          split.isEmpty()
              ? manifest.splits().values().stream().mapToLong(ShardSplit::samples).sum()
              : manifest.split(split).samples();
      return new Images(
          ShardRows.of(spark, folder, split),
          ShardRows.COLUMNS,
          ImageColumn.of(ShardRows.COLUMNS.images(), "image"),
          samples,
          0);
    }
    Check.input(
        split.isEmpty(),
        "Invalid --split: '%s' (input %s holds no shards, and only these have splits)",
        split,
        input);
    ImageTree tree = ImageTree.of(fileSystem, input, ImageTree.Links.ANYWHERE);
    List<Row> files = new ArrayList<>();
    tree.images().forEach(file -> files.add(RowFactory.create(file.path().toString(), null)));
    tree.rejected()
        .forEach(file -> files.add(RowFactory.create(input + "/" + file.path(), file.reason())));
    Check.input(
        !files.isEmpty(),
        "Invalid input: %s holds no image (PNG, JPEG, GIF, BMP, WebP); ignored: %d files and"
            + " others",
        input,
        tree.ignored().size());
    files.sort(Comparator.comparing(row -> row.getString(0)));
    int parts =
        Math.min(
            files.size(),
            Math.max(4 * spark.defaultParallelism(), (files.size() - 1) / FILE_ROWS + 1));
    return new Images(
        spark.parallelize(files, parts),
        new PredictionFile.Columns(LISTING, 1),
        ImageColumn.listed(LISTING, PATH, PROBLEM),
        tree.entries() - tree.ignored().size(),
        tree.ignored().size());
  }

  private static List<PredictionFile> write(
      JavaSparkContext spark,
      JavaRDD<Row> scored,
      Images images,
      PredictionFolder folder,
      Path output)
      throws IOException {
    SharedStorage.require(spark, output, List.of());
    String job = UUID.randomUUID().toString();
    String staging = folder.staging().toString();
    PredictionFile.Columns columns = images.columns();
    Broadcast<SerializableConfiguration> hadoop =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    List<PredictionFile> files;
    try {
      folder.begin();
      files =
          WritingTasks.run(
              spark.sc(),
              () ->
                  SparkFailures.unwrapped(
                      () ->
                          scored
                              .mapPartitions(
                                  rows ->
                                      List.of(
                                              PredictionFile.write(
                                                  new Path(staging),
                                                  name(job),
                                                  rows,
                                                  columns,
                                                  hadoop.value().value()))
                                          .iterator())
                              .collect()));
      requireAll(images, rows(files), output);
    } catch (Exception | Error e) { // Spark's checked exceptions reach Java undeclared.
      folder.abandon();
      if (!(e instanceof StokerException) && SparkFailures.chain(e).anyMatch(NoSpace::isSaidBy)) {
        throw new ResourceException(
            "No space left to write " + output + " (free some there, or in Spark's local folders)",
            e);
      }
      throw e;
    }
    Set<String> names = files.stream().map(PredictionFile::name).collect(Collectors.toSet());
    folder.publish(names);
    return files;
  }

  /** The name of the file that this attempt of a task writes. */
  private static String name(String job) {
    TaskContext task = TaskContext.get();
    return String.format(
        Locale.ROOT,
        "part-%05d-%s-%d.snappy.parquet",
        task.partitionId(),
        job,
        task.taskAttemptId());
  }

  private static long rows(List<PredictionFile> files) {
    return files.stream().mapToLong(PredictionFile::rows).sum();
  }

  private static void requireAll(Images images, long rows, Path output) {
    if (rows != images.count()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "%d rows for %d images, to be in %s", rows, images.count(), output));
    }
  }

  private static BulkPredictResult result(
      Path output, Images images, List<PredictionFile> files, StoredModel model, long start) {
    return new BulkPredictResult(
        output.toString(),
        rows(files),
        files.stream().mapToLong(PredictionFile::unreadable).sum(),
        PredictionFile.first(files.stream().flatMap(file -> file.examples().stream())),
        images.ignored(),
        model.parametersSha256(),
        (System.nanoTime() - start) / 1e9);
  }
}
