// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import static org.apache.spark.sql.functions.col;

import io.stoker.data.frame.ImageColumn;
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
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Classifies a folder of images or of shards on the executors, and writes Parquet, as {@link
 * PredictionFolder} says.
 */
public final class BulkPredictJob {
  /** The column that says why an image could not be read; null where it could. */
  static final String ERROR = "error";

  private static final String PATH = "path";

  /** Why a listed file cannot even be opened. */
  private static final String PROBLEM = "problem";

  /** About how many rows a Parquet file has at most. */
  private static final int FILE_ROWS = 20_000;

  /** How many images that could not be read are named. */
  private static final int NAMED = 5;

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
    StoredModel model = request.model().open(hadoop);
    SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
    try {
      PredictionFolder folder = new PredictionFolder(output, hadoop);
      folder.check(input, request.existing());
      Images images = images(session, input, request.split(), hadoop);
      Dataset<Row> scored =
          Scoring.score(
                  images.rows(),
                  images.column(),
                  TrainedNetwork.of(
                      List.of(model),
                      request.model().engine(),
                      Math.max(request.batch(), request.model().testViews().count()),
                      request.model().arithmetic()),
                  new TopColumns(model.metadata().classNames(), request.top()),
                  request.model().testViews(),
                  request.model().decoding())
              .drop("height", "width", "channels", "encoding", "image", PROBLEM);
      write(scored, folder, output);
      return result(session, output, images, model, start);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write " + output, e);
    }
  }

  /**
   * Images as rows.
   *
   * @param rows one per image
   * @param column the column that holds the images
   * @param count how many there are
   * @param ignored how many entries of the folder are no images by name, or hidden, or not followed
   */
  private record Images(Dataset<Row> rows, ImageColumn column, long count, long ignored) {}

  private static Images images(SparkSession session, Path input, String split, Configuration hadoop)
      throws IOException {
    FileSystem fileSystem = Storage.of(input, hadoop);
    if (fileSystem.exists(new Path(input, ShardManifest.FILE))) {
      ShardFolder folder = ShardFolder.open(input, hadoop);
      Dataset<Row> rows = ShardRows.of(session, folder, split);
      ShardManifest manifest = folder.manifest();
      long samples =
          split.isEmpty()
              ? manifest.splits().values().stream().mapToLong(ShardSplit::samples).sum()
              : manifest.split(split).samples();
      return new Images(rows, ImageColumn.of(rows.schema(), "image"), samples, 0);
    }
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
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    int parts =
        Math.min(
            files.size(),
            Math.max(4 * spark.defaultParallelism(), (files.size() - 1) / FILE_ROWS + 1));
    StructType schema =
        new StructType()
            .add(PATH, DataTypes.StringType, false)
            .add(PROBLEM, DataTypes.StringType, true);
    return new Images(
        session.createDataFrame(spark.parallelize(files, parts), schema),
        ImageColumn.listed(schema, PATH, PROBLEM),
        tree.entries() - tree.ignored().size(),
        tree.ignored().size());
  }

  private static void write(Dataset<Row> scored, PredictionFolder folder, Path output)
      throws IOException {
    try {
      folder.begin();
      WritingTasks.run(
          scored.sparkSession().sparkContext(),
          () ->
              SparkFailures.unwrapped(
                  () -> {
                    scored.write().mode(SaveMode.Overwrite).parquet(folder.staging().toString());
                    return null;
                  }));
    } catch (Exception | Error e) { // Spark's checked exceptions reach Java undeclared.
      folder.abandon();
      if (!(e instanceof StokerException) && SparkFailures.chain(e).anyMatch(NoSpace::isSaidBy)) {
        throw new ResourceException(
            "No space left to write " + output + " (free some there, or in Spark's local folders)",
            e);
      }
      throw e;
    }
    folder.publish();
  }

  /** Counts rows of what was written: an accumulator would count tasks that ran twice twice. */
  private static BulkPredictResult result(
      SparkSession session, Path output, Images images, StoredModel model, long start)
      throws IOException {
    JavaSparkContext spark = JavaSparkContext.fromSparkContext(session.sparkContext());
    WrittenRows written =
        WrittenRows.of(spark, PredictionFolder.files(output, spark.hadoopConfiguration()), ERROR);
    if (written.rows() != images.count()) {
      throw new IllegalStateException(
          String.format(
              Locale.ROOT, "%s has %d rows for %d images", output, written.rows(), images.count()));
    }
    long unreadable = 0;
    List<BulkPredictResult.Unreadable> examples = List.of();
    if (!written.allNull()) {
      Dataset<Row> failed =
          session.read().parquet(output.toString()).filter(col(ERROR).isNotNull());
      unreadable = failed.count();
      examples =
          failed.select(PATH, ERROR).orderBy(PATH).limit(NAMED).collectAsList().stream()
              .map(row -> new BulkPredictResult.Unreadable(row.getString(0), row.getString(1)))
              .toList();
    }
    return new BulkPredictResult(
        output.toString(),
        written.rows(),
        unreadable,
        examples,
        images.ignored(),
        model.parametersSha256(),
        (System.nanoTime() - start) / 1e9);
  }
}
