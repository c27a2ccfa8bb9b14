// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.source.ClassNames;
import io.stoker.data.source.ImageSources;
import io.stoker.data.source.LabelledImage;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.parquet.ParquetTable;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.data.source.parquet.TestTables;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.parquet.example.data.Group;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images of RDDs and data frames become shards as those of files do. */
@Tag("slow")
class ImageRowsTest {
  private static final StructType HUGGING_FACE =
      new StructType()
          .add(
              "image",
              new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType))
          .add("label", DataTypes.LongType);

  private static JavaSparkContext spark;
  private static SparkSession session;

  @TempDir private Path folder;
  private int outputs;

  @BeforeAll
  static void start() {
    spark = TestSpark.local(2);
    session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private PrepareOptions.Builder options() {
    outputs++;
    return PrepareOptions.builder().output(hadoop(folder.resolve("out-" + outputs)));
  }

  private static org.apache.hadoop.fs.Path hadoop(Path path) {
    return new org.apache.hadoop.fs.Path(path.toUri());
  }

  private ShardManifest prepare(ImageRows rows, PrepareOptions.Builder options) {
    return new PrepareJob(spark, options.build()).run(rows).manifest();
  }

  private SortedMap<String, byte[]> written() throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder.resolve("out-" + outputs))) {
      for (Path file : all.toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  private static byte[] png(int seed) {
    try {
      return TestImages.file(TestImages.gradient(12, 10, seed), "png");
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static List<LabelledImage> images(int count) {
    List<LabelledImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      images.add(
          LabelledImage.of(
              String.format(Locale.ROOT, "images/%03d.png", i),
              i % 3 == 0 ? "bee" : "ant",
              png(i)));
    }
    return images;
  }

  private static <T> List<T> shuffled(List<T> rows, int seed) {
    List<T> shuffled = new ArrayList<>(rows);
    Collections.shuffle(shuffled, new Random(seed));
    return shuffled;
  }

  @Test
  @Exact
  void givesTheSameBytesHoweverRowsArePartitioned() throws IOException {
    List<LabelledImage> images = images(80);
    ShardManifest manifest =
        prepare(ImageRows.of(spark.parallelize(images, 1)), options().size(8).seed(3));
    SortedMap<String, byte[]> first = written();
    assertThat(manifest.classNames()).containsExactly("ant", "bee");
    assertThat(manifest.samples()).isEqualTo(80);
    assertThat(manifest.split("train").samplesPerClass().get(0)).isGreaterThan(30);
    for (int partitions : new int[] {3, 11}) {
      prepare(
          ImageRows.of(spark.parallelize(shuffled(images, partitions), partitions)),
          options().size(8).seed(3));
      assertThat(written()).containsExactlyEntriesOf(first);
    }
  }

  /** Rows with the paths of files are the same data set as the files. */
  @Test
  void givesTheBytesThatFilesGive() throws IOException {
    TestImages.writeFolders(folder.resolve("in"), 8, 25, "ant", "bee");
    new PrepareJob(
            spark,
            options()
                .source(ImageSources.named("folder"))
                .input(hadoop(folder.resolve("in")))
                .build())
        .run();
    SortedMap<String, byte[]> ofFiles = written();
    Dataset<Row> files =
        session
            .read()
            .format("binaryFile")
            .option("recursiveFileLookup", true)
            .load(folder.resolve("in").toString())
            .selectExpr(
                "content",
                "regexp_extract(path, '([a-z]+)/[^/]+$', 1) kind",
                "regexp_extract(path, '[a-z]+/[^/]+$', 0) origin");

    prepare(ImageRows.of(files, FrameColumns.of("content", "kind").withPath("origin")), options());

    assertThat(written()).containsExactlyEntriesOf(ofFiles);
  }

  private static Row row(byte[] bytes, String path, Long label) {
    return RowFactory.create(RowFactory.create(bytes, path), label);
  }

  @Test
  void readsTheStructureOfHuggingFace() throws IOException {
    Path file = folder.resolve("alone.png");
    Files.write(file, png(1000));
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      rows.add(row(png(i), i % 2 == 0 ? null : "same.png", (long) i % 2));
    }
    rows.add(row(null, file.toString(), 0L));
    rows.add(row(null, null, 0L));
    rows.add(RowFactory.create(null, 1L));
    rows.add(row(png(7), "unlabelled.png", null));
    rows.add(row(png(8), "unknown.png", 2L));
    rows.add(row(png(9), "negative.png", -1L));
    FrameColumns columns =
        FrameColumns.of("image", "label").withClassNames(List.of("Äpfel", "bee"));
    Dataset<Row> frame = session.createDataFrame(rows, HUGGING_FACE);

    ShardManifest manifest =
        prepare(ImageRows.of(frame.repartition(5), columns), options().maximumRejected(0.2));

    assertThat(manifest.classNames()).containsExactly("Äpfel", "bee");
    assertThat(manifest.samples()).isEqualTo(41);
    assertThat(manifest.rejected())
        .extracting(input -> input.path().replaceAll("[0-9a-f]{32}", "HASH"), RejectedInput::reason)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("sha256-HASH", "there is no image: null"),
            org.assertj.core.groups.Tuple.tuple("sha256-HASH", "there is no image: null"),
            org.assertj.core.groups.Tuple.tuple("unlabelled.png#HASH", "it has no label"),
            org.assertj.core.groups.Tuple.tuple(
                "unknown.png#HASH", "its label '2' is not one of the classes"),
            org.assertj.core.groups.Tuple.tuple(
                "negative.png#HASH", "its label '-1' is not one of the classes"));
    SortedMap<String, byte[]> first = written();

    prepare(
        ImageRows.of(
            session.createDataFrame(shuffled(rows, 1), HUGGING_FACE).repartition(2), columns),
        options().maximumRejected(0.2));
    assertThat(written()).containsExactlyEntriesOf(first);
  }

  /** Paths that appear twice, and rows that are equal in everything. */
  @Test
  void tellsEqualRowsApartOrDropsThem() throws IOException {
    List<LabelledImage> images = new ArrayList<>(images(20));
    images.addAll(images.subList(0, 5)); // Equal in everything.
    images.add(images.get(0));
    images.add(LabelledImage.of("images/000.png", "ant", png(0))); // Of another class.
    images.add(LabelledImage.of("images/001.png", "ant", png(500))); // Of another image.
    images.add(LabelledImage.of("", "ant", png(2))); // Without a path.

    ShardManifest kept = prepare(ImageRows.of(spark.parallelize(images, 3)), options());

    assertThat(kept.samples()).isEqualTo(29);
    assertThat(kept.duplicates().copies()).isEqualTo(8);
    assertThat(kept.duplicates().acrossClasses()).isBetween(1L, 3L);
    Dataset<Row> shards = session.read().parquet(folder.resolve("out-" + outputs) + "/*.parquet");
    assertThat(shards.select("sample_id").distinct().count()).isEqualTo(29);
    assertThat(shards.select("path").distinct().count()).isEqualTo(29);
    assertThat(shards.filter("path like '% (2)'").count()).isEqualTo(5);
    assertThat(shards.filter("path like '% (3)'").count()).isEqualTo(1);
    SortedMap<String, byte[]> first = written();
    prepare(ImageRows.of(spark.parallelize(shuffled(images, 3), 7)), options());
    assertThat(written()).containsExactlyEntriesOf(first);
    String listed =
        new String(first.get("duplicates.jsonl"), java.nio.charset.StandardCharsets.UTF_8);
    assertThat(listed.lines()).hasSize(8);
    assertThat(listed).contains(" (2)\"", " (3)\"");

    ShardManifest dropped =
        prepare(
            ImageRows.of(spark.parallelize(images, 4)),
            options().duplicates(PrepareOptions.Duplicates.DROP));
    assertThat(dropped.samples()).isEqualTo(21);
    assertThat(dropped.read()).isEqualTo(29);
    assertThat(
            session
                .read()
                .parquet(folder.resolve("out-" + outputs) + "/*.parquet")
                .select("sample_id")
                .distinct()
                .count())
        .isEqualTo(21);
  }

  @Test
  void takesSplitsAndPixelsFromRows() {
    List<LabelledImage> images = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      String split = i % 3 == 0 ? "val" : i % 3 == 1 ? "train" : "extra_1";
      images.add(
          new LabelledImage(
              "" + i, "" + i % 12, split, new SourceImage.Decoded(TestImages.noise(6, 6, 1, i))));
    }
    ShardManifest manifest =
        prepare(ImageRows.of(spark.parallelize(images, 2)), options().channels(1));
    assertThat(manifest.splits().keySet()).containsExactly("train", "validation", "extra_1");
    assertThat(manifest.classNames())
        .containsExactly("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11");
    assertThat(manifest.split("validation").samples()).isEqualTo(10);
  }

  @Test
  void quarantinesBrokenRows() {
    List<LabelledImage> images = new ArrayList<>(images(40));
    images.add(LabelledImage.of("cut.png", "ant", Arrays.copyOf(png(1), 60)));
    images.add(new LabelledImage("gone.png", "ant", "", new SourceImage.Unreadable("missing")));
    assertThatThrownBy(() -> prepare(ImageRows.of(spark.parallelize(images)), options()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("2 of 42 images are rejected, more than --max-rejected allows");
    ShardManifest manifest =
        prepare(ImageRows.of(spark.parallelize(images)), options().maximumRejected(0.1));
    assertThat(manifest.rejected())
        .containsExactly(
            new RejectedInput("cut.png", "truncated"), new RejectedInput("gone.png", "missing"));
    assertThat(manifest.found()).isEqualTo(42);
  }

  @Test
  void preparesParquetAsDatasetsWritesIt() throws IOException {
    Path in = folder.resolve("in");
    List<Group> train = new ArrayList<>();
    List<Group> test = new ArrayList<>();
    for (int i = 0; i < 120; i++) {
      (i % 6 == 0 ? test : train)
          .add(TestTables.row(png(i), i % 2 == 0 ? null : "same.png", (long) i % 3));
    }
    test.add(TestTables.row(png(999), null, -1L));
    Map<String, String> features = TestTables.features("ant", "bee", "cat");
    TestTables.write(
        in.resolve("data/train-00000-of-00002.parquet"), train.subList(0, 70), features);
    TestTables.write(
        in.resolve("data/train-00001-of-00002.parquet"), train.subList(70, 100), features);
    TestTables.write(in.resolve("data/test-00000-of-00001.parquet"), test, features);
    Files.writeString(in.resolve("README.md"), "a data set");

    ShardManifest manifest = prepare(table(in), options().input(hadoop(in)).maximumRejected(0.02));

    assertThat(manifest.classNames()).containsExactly("ant", "bee", "cat");
    assertThat(manifest.split("train").samples()).isEqualTo(100);
    assertThat(manifest.split("test").samplesPerClass()).containsExactly(20L, 0L, 0L);
    assertThat(manifest.rejected())
        .extracting(RejectedInput::reason)
        .containsExactly("its label '-1' is not one of the classes");
    assertThat(manifest.ignored()).containsExactly("README.md");
    assertThat(manifest.found()).isEqualTo(122);
    SortedMap<String, byte[]> first = written();
    // The same rows in other files.
    Path other = folder.resolve("other");
    TestTables.write(
        other.resolve("README.md/train-00000-of-00001.parquet"), shuffled(train, 1), features);
    TestTables.write(other.resolve("test.parquet"), shuffled(test, 2), features);
    prepare(table(other), options().input(hadoop(other)).maximumRejected(0.02));
    assertThat(written())
        .containsEntry("train-00000-of-00001.parquet", first.get("train-00000-of-00001.parquet"))
        .containsEntry("test-00000-of-00001.parquet", first.get("test-00000-of-00001.parquet"));
    assertThatThrownBy(
            () ->
                new PrepareJob(
                        spark,
                        PrepareOptions.builder()
                            .input(hadoop(in))
                            .output(hadoop(in.resolve("out")))
                            .build())
                    .run(table(in)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("inside it");
  }

  @Test
  void writesTheWeightsOfRowsAndRejectsThoseThatAreNone() throws IOException {
    StructType schema = HUGGING_FACE.add("importance", DataTypes.DoubleType);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      rows.add(RowFactory.create(RowFactory.create(png(i), i + ".png"), (long) i % 2, 0.5 + i % 4));
    }
    for (Double bad : new Double[] {null, 0.0, -1.0, Double.NaN, Double.POSITIVE_INFINITY}) {
      rows.add(RowFactory.create(RowFactory.create(png(1), bad + ".png"), 1L, bad));
    }
    Path in = folder.resolve("in.parquet");
    session.createDataFrame(rows, schema).repartition(3).write().parquet(in.toString());
    FrameColumns columns = FrameColumns.of("image", "label").withWeight("importance");

    ShardManifest manifest =
        prepare(
            ImageRows.of(session.createDataFrame(shuffled(rows, 4), schema), columns),
            options().size(8).maximumRejected(0.2));

    assertThat(manifest.samples()).isEqualTo(30);
    assertThat(manifest.rejected())
        .extracting(RejectedInput::path, RejectedInput::reason)
        .containsExactlyInAnyOrder(
            org.assertj.core.groups.Tuple.tuple("null.png", "it has no weight"),
            org.assertj.core.groups.Tuple.tuple("NaN.png", "it has no weight"),
            org.assertj.core.groups.Tuple.tuple(
                "0.0.png", "its weight 0.0 is not a number above 0"),
            org.assertj.core.groups.Tuple.tuple(
                "-1.0.png", "its weight -1.0 is not a number above 0"),
            org.assertj.core.groups.Tuple.tuple(
                "Infinity.png", "its weight Infinity is not a number above 0"));
    assertThat(
            session
                .read()
                .parquet(folder.resolve("out-" + outputs) + "/*.parquet")
                .selectExpr("weight = 0.5 + cast(split(path, '[.]')[0] as int) % 4")
                .distinct()
                .collectAsList())
        .containsExactly(RowFactory.create(true));
    SortedMap<String, byte[]> ofFrame = written();

    prepare(
        ImageRows.of(
            spark,
            ParquetTable.open(
                hadoop(in),
                new TableColumns("image", "label", "", "importance"),
                spark.hadoopConfiguration())),
        options().size(8).maximumRejected(0.2));
    assertThat(written())
        .containsEntry("train-00000-of-00001.parquet", ofFrame.get("train-00000-of-00001.parquet"))
        .containsEntry("test-00000-of-00001.parquet", ofFrame.get("test-00000-of-00001.parquet"));
    assertThatThrownBy(
            () ->
                ParquetTable.open(
                    hadoop(in),
                    new TableColumns("image", "label", "", "image"),
                    spark.hadoopConfiguration()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid weight column image");
    assertThatThrownBy(
            () ->
                ImageRows.of(
                    session.createDataFrame(rows, schema),
                    FrameColumns.of("image", "label").withWeight("image")))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid column image: it must be a number, the weight of a sample");
  }

  /** Bytes that are not UTF-8 would all be decoded to one character, and make one class of two. */
  @Test
  void namesThatAreNotTextAreRejectedAndNumbersWithoutANameAreNoClass() {
    List<LabelledImage> images = new ArrayList<>(images(40));
    images.add(new LabelledImage("x", "caf\uFFFD", "", new SourceImage.Encoded(png(1))));
    images.add(new LabelledImage("y", "caf\uFFFD", "", new SourceImage.Encoded(png(2))));

    ShardManifest manifest =
        prepare(ImageRows.of(spark.parallelize(images)), options().size(8).maximumRejected(0.1));

    assertThat(manifest.classNames()).containsExactly("ant", "bee");
    assertThat(manifest.rejected())
        .extracting(each -> each.path() + ": " + each.reason())
        .containsExactly(
            "x: its label is not valid UTF-8: 'caf\uFFFD'",
            "y: its label is not valid UTF-8: 'caf\uFFFD'");
    assertRefused(
        ImageRows.of(spark.parallelize(images)).withClassNames(List.of("ant", "caf\uFFFD")),
        "it is not valid Unicode");
    assertRefused(
        ImageRows.of(spark.parallelize(images.subList(40, 42))),
        "2 of 2 labels are not valid UTF-8 (write them as UTF-8)");
    assertThat(ClassNames.named("1", List.of("1", "2"))).isEqualTo("2");
    assertThat(ClassNames.named("2", List.of("1", "2"))).isEqualTo("2 (a number without a name)");
    assertThat(ClassNames.named("4294967296", List.of("1", "2"))).isEqualTo("4294967296");
  }

  private static ImageRows table(Path input) throws IOException {
    return ImageRows.of(
        spark, ParquetTable.open(hadoop(input), TableColumns.FOUND, spark.hadoopConfiguration()));
  }

  private void assertRefused(ImageRows rows, String message) {
    assertThatThrownBy(() -> prepare(rows, options()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(message);
    assertThat(folder.resolve("out-" + outputs)).doesNotExist();
  }

  @Test
  void refusesRowsThatCannotBe() {
    assertRefused(ImageRows.of(spark.<LabelledImage>emptyRDD()), "have no rows");
    assertRefused(ImageRows.of(spark.parallelize(images(1))), "Found 1 class [bee]");
    List<LabelledImage> mixed = new ArrayList<>(images(4));
    mixed.add(new LabelledImage("x", "ant", "train", new SourceImage.Encoded(png(1))));
    assertRefused(ImageRows.of(spark.parallelize(mixed)), "are in no split, others in one");
    assertRefused(
        ImageRows.of(
            spark.parallelize(
                List.of(new LabelledImage("x", "a", "../x", new SourceImage.Encoded(png(1)))))),
        "Invalid split: '../x'");
  }

  @Test
  void refusesColumnsThatCannotBe() {
    Dataset<Row> frame = session.createDataFrame(List.of(row(png(1), "a", 1L)), HUGGING_FACE);
    assertThatThrownBy(() -> ImageRows.of(frame, FrameColumns.of("picture", "label")))
        .isInstanceOf(InputException.class)
        .hasMessage("Unknown column: picture (there are [image, label])");
    assertThatThrownBy(() -> ImageRows.of(frame, FrameColumns.of("image", "class")))
        .isInstanceOf(InputException.class)
        .hasMessage("Unknown column: class (there are [image, label])");
    assertThatThrownBy(() -> ImageRows.of(frame, FrameColumns.of("image", "image")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("labels must be text or whole numbers");
    assertThatThrownBy(() -> ImageRows.of(frame, FrameColumns.of("label", "label")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid column label: it has the type bigint");
    assertThatThrownBy(
            () -> ImageRows.of(frame, FrameColumns.of("image", "label").withSplit("label")))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid column label: it must be text");
  }
}
