// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.base.Sha256;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.ImageColumn;
import io.stoker.data.frame.SparkTable;
import io.stoker.data.shard.ShardColumns;
import io.stoker.data.shard.SourceTable;
import io.stoker.data.source.ClassNames;
import io.stoker.data.source.LabelledImage;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.SourceListing;
import io.stoker.data.source.SourceSample;
import io.stoker.data.source.SplitNames;
import io.stoker.data.source.parquet.ParquetRows;
import io.stoker.data.source.parquet.ParquetTable;
import io.stoker.data.source.parquet.RowGroup;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.Tuple2;

/**
 * Images that are rows, of an RDD or a data frame, for {@link PrepareJob#run(ImageRows)}.
 *
 * <p>A sample's identity is its path where all rows have different ones. Where a path appears
 * twice, a hash of the image, its class and its split is added to every path; a row without a path
 * has that hash alone. So the order of the samples does not depend on that of the rows. Rows that
 * are equal in everything are told apart by " (2)", " (3)" and so on.
 */
public final class ImageRows {
  private static final Logger LOG = LoggerFactory.getLogger(ImageRows.class);

  private static final Pattern SPLIT = Pattern.compile("[a-z][a-z0-9_]{0,30}");
  private static final int MOST_CLASSES = 1_000_000;
  private static final int TASKS_PER_SLOT = 8;
  private static final int HASH_DIGITS = 32;

  private final Rows<LabelledImage> images;
  private final Rows<Description> descriptions;
  private final List<String> classNames;
  private final List<SourceListing.Rejected> rejected;
  private final List<String> ignored;
  private final List<SourceTable> tables;
  private final ShardColumns columns;

  /** Rows, given how executors reach files. */
  private interface Rows<T> {
    JavaRDD<T> with(Broadcast<SerializableConfiguration> hadoop);
  }

  /** A row without its image: what can be found out of a table without reading its images. */
  private record Description(String path, String className, String split) implements Serializable {
    static Description of(LabelledImage image) {
      return new Description(image.path(), image.className(), image.split());
    }
  }

  private ImageRows(
      Rows<LabelledImage> images,
      Rows<Description> descriptions,
      List<String> classNames,
      List<SourceListing.Rejected> rejected,
      List<String> ignored,
      List<SourceTable> tables,
      ShardColumns columns) {
    this.images = images;
    this.descriptions = descriptions;
    this.classNames = List.copyOf(classNames);
    this.rejected = List.copyOf(rejected);
    this.ignored = List.copyOf(ignored);
    this.tables = List.copyOf(tables);
    this.columns = columns;
  }

  /**
   * The images of an RDD. It is computed three times: twice for paths, classes and splits, and once
   * for the images; where that costs much, it is to be persisted before.
   *
   * @param images in any partitions and any order
   */
  public static ImageRows of(JavaRDD<LabelledImage> images) {
    return new ImageRows(
        hadoop -> images,
        hadoop -> images.map(Description::of),
        List.of(),
        List.of(),
        List.of(),
        List.of(),
        ShardColumns.PLAIN);
  }

  /**
   * The images of a data frame. Paths, classes and splits are read first, without the images.
   *
   * @param rows in any partitions and any order
   * @param columns which of its columns are what
   * @throws io.stoker.failure.InputException if columns are missing, or have the wrong types
   */
  public static ImageRows of(Dataset<Row> rows, FrameColumns columns) {
    columns.bind(rows.schema()); // Says what is wrong before the columns are chosen.
    Dataset<Row> needed = rows.select(columns.needed(rows.schema()));
    FrameColumns.Bound bound = columns.bind(needed.schema());
    return new ImageRows(
        hadoop ->
            needed
                .toJavaRDD()
                .map(
                    row ->
                        new LabelledImage(
                            bound.path(row),
                            bound.className(row),
                            bound.split(row),
                            bound.image(row, hadoop.value().value()),
                            bound.weight(row))),
        hadoop ->
            needed
                .select(bound.description())
                .toJavaRDD()
                .map(
                    row ->
                        new Description(
                            FrameColumns.text(row, 0),
                            bound.classNameOf(row.get(1)),
                            FrameColumns.text(row, 2))),
        columns.classNames(),
        List.of(),
        List.of(),
        List.of(),
        columns.weight().isEmpty() ? ShardColumns.PLAIN : ShardColumns.WEIGHTED);
  }

  /**
   * The images of a table, at the version that it was opened at. Its version is recorded in the
   * manifest.
   *
   * <p>Spark's reader of Parquet holds the images of a whole row group. So where the files hold the
   * rows as they are, they are read as a {@link ParquetTable}, which holds a value of each column.
   *
   * @param table in any partitions and any order
   * @param columns which of its columns are what
   * @throws io.stoker.failure.InputException if columns are missing, or have the wrong types
   */
  public static ImageRows of(SparkTable table, FrameColumns columns) {
    ImageRows bySpark = of(table.rows(), columns);
    JavaSparkContext spark =
        JavaSparkContext.fromSparkContext(table.rows().sparkSession().sparkContext());
    ImageRows rows =
        files(table, columns, spark.hadoopConfiguration())
            .map(files -> of(spark, files))
            .orElse(bySpark);
    return new ImageRows(
        rows.images,
        rows.descriptions,
        rows.classNames,
        rows.rejected,
        rows.ignored,
        List.of(table.source()),
        rows.columns);
  }

  /** The files of a table, if reading them gives what Spark's reader would give. */
  private static Optional<ParquetTable> files(
      SparkTable table, FrameColumns columns, Configuration hadoop) {
    ImageColumn images = ImageColumn.of(table.rows().schema(), columns.image());
    if (table.parquetFiles().isEmpty()
        || !columns.path().isEmpty()
        || !columns.classNames().isEmpty()
        || !(images instanceof ImageColumn.Encoded
            || images instanceof ImageColumn.HuggingFaceImage)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          ParquetTable.ofFiles(
              table.parquetFiles(),
              new TableColumns(columns.image(), columns.label(), columns.split(), columns.weight()),
              columns.files(),
              hadoop));
    } catch (InputException e) { // Such as files of different columns: Spark knows what to do.
      LOG.debug("Spark's reader reads table {}: {}", table.source(), e.getMessage());
      return Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read table " + table.source(), e);
    }
  }

  /**
   * The images of Parquet files. A task holds one value of each column, whatever the size of the
   * row groups.
   *
   * @param spark where to read them
   * @param table the files
   */
  public static ImageRows of(JavaSparkContext spark, ParquetTable table) {
    List<RowGroup> groups = table.rowGroups();
    int slots = Math.max(1, spark.defaultParallelism());
    JavaRDD<RowGroup> tasks =
        spark.parallelize(groups, Math.min(groups.size(), slots * TASKS_PER_SLOT));
    return new ImageRows(
        hadoop -> tasks.mapPartitions(each -> closed(table.rows(each, hadoop.value().value()))),
        hadoop ->
            tasks
                .mapPartitions(each -> closed(table.descriptions(each, hadoop.value().value())))
                .map(Description::of),
        table.classNames(),
        table.rejected(),
        table.ignored(),
        List.of(),
        table.isWeighted() ? ShardColumns.WEIGHTED : ShardColumns.PLAIN);
  }

  /** Closes rows at the end of the task, should it end before them. */
  private static Iterator<LabelledImage> closed(ParquetRows rows) {
    TaskContext.get().addTaskCompletionListener((TaskCompletionListener) ended -> rows.close());
    return rows;
  }

  /**
   * These rows with known classes: rows of other classes are rejected.
   *
   * @param names the classes; a label is an index into them
   */
  public ImageRows withClassNames(List<String> names) {
    return new ImageRows(images, descriptions, names, rejected, ignored, tables, columns);
  }

  /** The tables that the rows are of, with their versions; empty where that is not known. */
  List<SourceTable> tables() {
    return tables;
  }

  /** The columns of the shards: with weights if the rows have them. */
  ShardColumns shardColumns() {
    return columns;
  }

  /**
   * What the rows have in common.
   *
   * @param listing the classes and the number of rows; without parts
   * @param splits of the rows; none if they have none
   * @param pathsDiffer whether no path appears twice
   */
  record Summary(SourceListing listing, List<String> splits, boolean pathsDiffer) {}

  /** Looks at all rows, without their images. */
  Summary summary(Broadcast<SerializableConfiguration> hadoop) {
    JavaRDD<Description> rows = descriptions.with(hadoop);
    Counts counts = rows.treeAggregate(new Counts(), Counts::add, Counts::merge);
    Check.input(counts.rows > 0, "The images have no rows");
    Check.input(
        counts.withSplit == 0 || counts.withSplit == counts.rows,
        "%,d of %,d rows are in no split, others in one (such as train): name one for all, or for none",
        counts.rows - counts.withSplit,
        counts.rows);
    Check.input(
        counts.classes.size() >= 2 || counts.notText == 0,
        "%d of %d labels are not valid UTF-8 (write them as UTF-8)",
        counts.notText,
        counts.rows);
    List<String> names = classNames.isEmpty() ? ClassNames.sorted(counts.classes) : classNames;
    Check.input(
        names.size() <= MOST_CLASSES,
        "The rows have more than %d different labels (is it the right column?)",
        MOST_CLASSES);
    boolean pathsDiffer =
        rows.map(Description::path)
            .filter(path -> !path.isEmpty())
            .mapToPair(path -> new Tuple2<>(path, 1L))
            .reduceByKey(Long::sum)
            .filter(path -> path._2 > 1)
            .isEmpty();
    return new Summary(
        new SourceListing(names, List.of(), OptionalLong.of(counts.rows), rejected, ignored),
        List.copyOf(counts.splits),
        pathsDiffer);
  }

  /** Decodes, resizes and encodes the images. */
  JavaRDD<PackedBlock> blocks(
      Summary summary, PackTask task, Broadcast<SerializableConfiguration> hadoop) {
    Map<String, Integer> labels = new HashMap<>();
    for (String name : summary.listing().classNames()) {
      labels.put(name, labels.size());
    }
    boolean pathsDiffer = summary.pathsDiffer();
    return images.with(hadoop).mapPartitions(rows -> task.pack(placed(rows, labels, pathsDiffer)));
  }

  private static Iterator<PackTask.PlacedSample> placed(
      Iterator<LabelledImage> rows, Map<String, Integer> labels, boolean pathsDiffer) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return rows.hasNext();
      }

      @Override
      public PackTask.PlacedSample next() {
        return placed(rows.next(), labels, pathsDiffer);
      }
    };
  }

  private static PackTask.PlacedSample placed(
      LabelledImage row, Map<String, Integer> labels, boolean pathsDiffer) {
    Integer label = labels.get(row.className());
    SourceImage image = row.image();
    if (label == null) {
      image =
          new SourceImage.Unreadable(
              row.className().isEmpty()
                  ? "it has no label"
                  : ClassNames.isText(row.className())
                      ? "its label '" + row.className() + "' is not one of the classes"
                      : "its label is not valid UTF-8: '" + row.className() + "'");
    }
    if (!(row.weight() > 0) || row.weight() > Float.MAX_VALUE) {
      image =
          new SourceImage.Unreadable(
              Float.isNaN(row.weight())
                  ? "it has no weight"
                  : "its weight " + row.weight() + " is not a number above 0");
    }
    String path = pathsDiffer && !row.path().isEmpty() ? row.path() : identity(row);
    return new PackTask.PlacedSample(
        row.split().isEmpty() ? Optional.empty() : Optional.of(splitName(row.split())),
        new SourceSample(path, label == null ? 0 : label, image),
        row.weight());
  }

  /** The path, if there is one, and a hash of everything else. */
  private static String identity(LabelledImage row) {
    MessageDigest digest = Sha256.digest();
    if (row.image() instanceof SourceImage.Encoded encoded) {
      digest.update(encoded.file());
    } else if (row.image() instanceof SourceImage.Decoded decoded) {
      digest.update(text(decoded.pixels().shape().toString()));
      digest.update(decoded.pixels().values());
    }
    digest.update(text(row.className()));
    digest.update(text(row.split()));
    if (row.weight() != 1) {
      digest.update(text(Float.toString(row.weight())));
    }
    String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_DIGITS);
    return row.path().isEmpty() ? "sha256-" + hash : row.path() + "#" + hash;
  }

  /** With its length before it, so that no two texts run into each other. */
  private static byte[] text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Integer.BYTES + bytes.length)
        .putInt(bytes.length)
        .put(bytes)
        .array();
  }

  private static String splitName(String split) {
    return SplitNames.of(split).orElse(split);
  }

  /** What some rows have, mergeable in any order. */
  private static final class Counts implements Serializable {
    private static final long serialVersionUID = 1L;

    private long rows;
    private long withSplit;
    private long notText;
    private final TreeSet<String> classes = new TreeSet<>();
    private final TreeSet<String> splits = new TreeSet<>();

    Counts add(Description row) {
      rows++;
      if (!ClassNames.isText(row.className())) {
        notText++;
      } else if (!row.className().isEmpty() && classes.size() <= MOST_CLASSES) {
        classes.add(row.className());
      }
      if (!row.split().isEmpty()) {
        withSplit++;
        addSplit(splitName(row.split()));
      }
      return this;
    }

    private void addSplit(String name) {
      if (splits.add(name)) {
        Check.input(
            SPLIT.matcher(name).matches(),
            "Invalid split: '%s' (lower-case letters, digits and _)",
            name.replaceAll("\\p{Cntrl}", "?"));
      }
    }

    Counts merge(Counts other) {
      rows += other.rows;
      withSplit += other.withSplit;
      notText += other.notText;
      classes.addAll(other.classes);
      splits.addAll(other.splits);
      return this;
    }
  }
}
