// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.stoker.data.TestImages;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.SparkTable;
import io.stoker.data.shard.ManifestFile;
import io.stoker.data.shard.RejectedInput;
import io.stoker.data.shard.ShardManifest;
import io.stoker.data.shard.SourceTable;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.crypto.keytools.KmsClient;
import org.apache.parquet.crypto.keytools.PropertiesDrivenCryptoFactory;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables that Delta's, Iceberg's and Spark's own writers have written become shards. */
@Tag("slow")
class SparkTablesTest {
  private static final StructType SCHEMA =
      new StructType()
          .add(
              "image",
              new StructType().add("bytes", DataTypes.BinaryType).add("path", DataTypes.StringType))
          .add("kind", DataTypes.StringType)
          .add("part", DataTypes.StringType)
          .add("caption", DataTypes.StringType);

  private static final TableColumns COLUMNS = new TableColumns("", "kind", "");

  @TempDir private static Path shared;
  private static JavaSparkContext spark;
  private static SparkSession session;

  @TempDir private Path folder;
  private int outputs;

  @BeforeAll
  static void start() {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.host", "127.0.0.1")
            .set("spark.sql.shuffle.partitions", "2")
            // Delta reads the log of a table in 50 tasks otherwise.
            .set("spark.databricks.delta.snapshotPartitions", "2")
            .set("spark.sql.warehouse.dir", shared.resolve("warehouse").toUri().toString())
            .set("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog")
            .set("spark.sql.catalog.lake.type", "hadoop")
            .set("spark.sql.catalog.lake.warehouse", shared.resolve("lake").toString());
    SparkTable.configuration("delta").forEach(conf::set);
    spark = new JavaSparkContext(conf);
    session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private static Dataset<Row> photos(int from, int to) {
    List<Row> rows = new ArrayList<>();
    for (int i = from; i < to; i++) {
      try {
        byte[] png = TestImages.file(TestImages.gradient(12, 10, i), "png");
        rows.add(
            RowFactory.create(
                RowFactory.create(png, "photos/" + i + ".png"),
                i % 3 == 0 ? "bee" : "ant",
                i % 4 == 0 ? "test" : "train",
                "a caption"));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }
    return session.createDataFrame(rows, SCHEMA).repartition(3);
  }

  private ShardManifest prepare(SparkTable table, TableColumns columns, double maximumRejected) {
    outputs++;
    PrepareOptions options =
        PrepareOptions.builder()
            .output(new org.apache.hadoop.fs.Path(folder.resolve("out-" + outputs).toUri()))
            .size(8)
            .maximumRejected(maximumRejected)
            .build();
    return new PrepareJob(spark, options)
        .run(ImageRows.of(table, FrameColumns.find(table.rows().schema(), columns)))
        .manifest();
  }

  private ShardManifest prepare(SparkTable table) {
    return prepare(table, COLUMNS, 0.01);
  }

  private SortedMap<String, byte[]> shards() throws IOException {
    SortedMap<String, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(folder.resolve("out-" + outputs))) {
      for (Path file : all.filter(each -> each.toString().endsWith(".parquet")).toList()) {
        files.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    }
    return files;
  }

  @Test
  void aDeltaTableIsPreparedAtTheVersionThatTheManifestNames() throws IOException {
    String uri = folder.resolve("delta").toString();
    photos(0, 40).write().format("delta").save(uri);
    SparkTable opened = SparkTable.at(session, uri, "delta", "");
    photos(40, 60).write().format("delta").mode("append").save(uri);

    ShardManifest first = prepare(opened); // although the table has changed since
    assertThat(first.samples()).isEqualTo(40);
    assertThat(first.tables()).containsExactly(new SourceTable(uri, "delta", "0"));
    assertThat(first.classNames()).containsExactly("ant", "bee");
    SortedMap<String, byte[]> written = shards();
    assertThat(
            ManifestFile.read(
                    new org.apache.hadoop.fs.Path(folder.resolve("out-1").toUri()),
                    spark.hadoopConfiguration())
                .manifest())
        .isEqualTo(first);

    assertThat(prepare(SparkTable.at(session, uri, "delta", "")).tables())
        .containsExactly(new SourceTable(uri, "delta", "1"));
    String relative = Path.of("").toAbsolutePath().relativize(Path.of(uri)).toString();
    assertThat(prepare(SparkTable.at(session, relative, "delta", "")).samples()).isEqualTo(60);
    assertThat(prepare(SparkTable.at(session, uri, "delta", "0"))).isEqualTo(first);
    assertThatThrownBy(() -> SparkTable.at(session, uri, "parquet", ""))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("--format table --table-format delta");
    assertThat(shards()).containsExactlyEntriesOf(written);
  }

  @Test
  void rowsThatDeltaHasDeletedAreNotPrepared() {
    String uri = folder.resolve("delta").toString();
    photos(0, 40).coalesce(1).write().format("delta").save(uri);
    session.sql(
        "ALTER TABLE delta.`" + uri + "` SET TBLPROPERTIES ('delta.enableDeletionVectors' = true)");
    session.sql("DELETE FROM delta.`" + uri + "` WHERE image.path LIKE 'photos/1%'");

    ShardManifest manifest = prepare(SparkTable.named(session, "delta.`" + uri + "`", ""));

    assertThat(manifest.samples()).isEqualTo(29);
    assertThat(manifest.tables())
        .containsExactly(new SourceTable("delta.`" + uri + "`", "delta", "2"));
  }

  @Test
  void anIcebergTableIsPreparedAtTheSnapshotThatTheManifestNames() throws Exception {
    assumeThat(session.version())
        .as("Iceberg has a runtime for Spark 3.5 and 4.1, and none for 4.2")
        .doesNotStartWith("4.2");
    session.sql("CREATE NAMESPACE IF NOT EXISTS lake.db");
    photos(0, 40).writeTo("lake.db.`my photos`").using("iceberg").create();
    SparkTable opened = SparkTable.named(session, "lake.db.`my photos`", "");
    photos(40, 60).writeTo("lake.db.`my photos`").append();

    ShardManifest first = prepare(opened, new TableColumns("image", "kind", "part"), 0.01);
    assertThat(first.samples()).isEqualTo(40);
    assertThat(first.split("test").samples()).isEqualTo(10);
    SourceTable source = first.tables().get(0);
    assertThat(source.format()).isEqualTo("iceberg");
    assertThat(source.version()).matches("[0-9]+");
    SortedMap<String, byte[]> written = shards();

    String uri = shared.resolve("lake/db/my photos").toString();
    assertThat(prepare(SparkTable.at(session, uri, "iceberg", "")).samples()).isEqualTo(60);
    ShardManifest again =
        prepare(
            SparkTable.at(session, uri, "iceberg", source.version()),
            new TableColumns("image", "kind", "part"),
            0.01);
    assertThat(again.tables()).containsExactly(new SourceTable(uri, "iceberg", source.version()));
    assertThat(shards()).containsExactlyEntriesOf(written);
  }

  @Test
  void otherTablesHaveNoVersion() {
    photos(0, 30).write().format("parquet").saveAsTable("plain");
    photos(0, 30).createOrReplaceTempView("temporary");

    assertThat(prepare(SparkTable.named(session, "plain", "")).tables())
        .containsExactly(new SourceTable("plain", "parquet", ""));
    assertThatThrownBy(() -> SparkTable.named(session, "plain", "3"))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Table plain has no versions: its format is parquet");
    String uri = folder.resolve("orc").toString();
    photos(0, 30).write().format("orc").save(uri);
    assertThat(prepare(SparkTable.at(session, uri, "orc", "")).tables())
        .containsExactly(new SourceTable(uri, "orc", ""));
  }

  @Test
  void filesThatHoldTheRowsAsTheyAreGiveTheShardsThatSparksReaderGives() throws IOException {
    String orc = folder.resolve("orc").toString();
    List<Row> odd =
        List.of(
            RowFactory.create(RowFactory.create(new byte[20], "noise.png"), "ant", "train", ""),
            RowFactory.create(RowFactory.create(null, "not-there.png"), "bee", "train", ""),
            RowFactory.create(null, "bee", "test", ""));
    Dataset<Row> rows = photos(0, 40).union(session.createDataFrame(odd, SCHEMA));
    rows.write().format("orc").save(orc);
    SparkTable bySpark = SparkTable.at(session, orc, "orc", "");
    assertThat(bySpark.parquetFiles()).isEmpty();
    TableColumns columns = new TableColumns("image", "kind", "part");
    ShardManifest expected = prepare(bySpark, columns, 0.1);
    SortedMap<String, byte[]> written = shards();

    String parquet = folder.resolve("train").toString(); // says nothing of the split
    rows.write().parquet(parquet);
    String delta = folder.resolve("delta").toString();
    rows.write().format("delta").save(delta);
    rows.write().format("parquet").saveAsTable("whole");
    for (SparkTable table :
        List.of(
            SparkTable.at(session, parquet, "parquet", ""),
            SparkTable.at(session, delta, "delta", ""),
            SparkTable.named(session, "whole", ""))) {
      assertThat(table.parquetFiles()).isNotEmpty();
      ShardManifest manifest = prepare(table, columns, 0.1);
      assertThat(shards()).containsExactlyEntriesOf(written);
      assertThat(manifest.rejected()).hasSize(3).isEqualTo(expected.rejected());
      assertThat(manifest.tables()).containsExactly(table.source());
    }
  }

  @Test
  @Tag("one-line")
  void columnsThatFilesDoNotHoldAreReadBySpark() {
    String delta = folder.resolve("delta").toString();
    photos(0, 30).write().format("delta").partitionBy("kind").save(delta);
    String parquet = folder.resolve("parquet").toString();
    photos(0, 30).write().partitionBy("kind").parquet(parquet);
    photos(0, 30).write().partitionBy("kind").format("parquet").saveAsTable("parts");
    String renamed = folder.resolve("renamed").toString();
    photos(0, 30).withColumnRenamed("kind", "was").write().format("delta").save(renamed);
    session.sql(
        "ALTER TABLE delta.`"
            + renamed
            + "` SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')");
    session.sql("ALTER TABLE delta.`" + renamed + "` RENAME COLUMN was TO kind");
    for (SparkTable table :
        List.of(
            SparkTable.at(session, delta, "delta", ""),
            SparkTable.at(session, parquet, "parquet", ""),
            SparkTable.named(session, "parts", ""),
            SparkTable.at(session, renamed, "delta", ""))) {
      assertThat(table.parquetFiles()).as(table.source().name()).isEmpty();
      assertThat(prepare(table).samples()).isEqualTo(30);
    }

    photos(0, 30).write().format("parquet").saveAsTable("grown");
    session.sql("ALTER TABLE grown ADD COLUMN (animal STRING)");
    photos(30, 60).withColumn("animal", functions.col("kind")).write().insertInto("grown");
    assertThat(
            prepare(
                    SparkTable.named(session, "grown", ""),
                    new TableColumns("image", "animal", ""),
                    0.5)
                .samples())
        .isEqualTo(30);
  }

  @Test
  void brokenRowsAreSetAsideAsThoseOfFilesAre() {
    String uri = folder.resolve("delta").toString();
    List<Row> broken =
        List.of(
            RowFactory.create(RowFactory.create(new byte[20], "noise.png"), "ant", "train", ""),
            RowFactory.create(null, "bee", "train", ""),
            RowFactory.create(
                RowFactory.create(new byte[20], "unlabelled.png"), null, "train", ""));
    photos(0, 40).union(session.createDataFrame(broken, SCHEMA)).write().format("delta").save(uri);

    ShardManifest manifest = prepare(SparkTable.at(session, uri, "delta", ""), COLUMNS, 0.1);

    assertThat(manifest.samples()).isEqualTo(40);
    assertThat(manifest.rejected())
        .extracting(RejectedInput::reason)
        .contains("there is no image: null", "it has no label")
        .hasSize(3);
    assertThatThrownBy(() -> prepare(SparkTable.at(session, uri, "delta", "")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("3 of 43 images are rejected");
  }

  /** A key server that hands keys out as they are. */
  public static final class OpenKeys implements KmsClient {
    @Override
    public void initialize(
        Configuration configuration, String instance, String address, String accessToken) {}

    @Override
    public String wrapKey(byte[] key, String masterKey) {
      return Base64.getEncoder().encodeToString(key);
    }

    @Override
    public byte[] unwrapKey(String wrapped, String masterKey) {
      return Base64.getDecoder().decode(wrapped);
    }
  }

  @Test
  void anEncryptedTableIsReadWithItsKeysAndElseRefused() {
    Configuration hadoop = spark.hadoopConfiguration();
    hadoop.set("parquet.crypto.factory.class", PropertiesDrivenCryptoFactory.class.getName());
    hadoop.set("parquet.encryption.kms.client.class", OpenKeys.class.getName());
    List<String> uris =
        List.of(folder.resolve("footer").toString(), folder.resolve("column").toString());
    try {
      for (String uri : uris) {
        photos(0, 40)
            .write()
            .option("parquet.encryption.footer.key", "footer")
            .option("parquet.encryption.column.keys", "images:image.bytes")
            .option("parquet.encryption.plaintext.footer", uri.endsWith("column"))
            .parquet(uri);
        assertThat(prepare(SparkTable.at(session, uri, "parquet", "")).samples()).isEqualTo(40);
      }
    } finally {
      hadoop.unset("parquet.crypto.factory.class");
      hadoop.unset("parquet.encryption.kms.client.class");
    }
    for (String uri : uris) {
      assertRefused(
          () -> prepare(SparkTable.at(session, uri, "parquet", "")),
          "it is encrypted, and Spark's configuration has no keys for it");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc"})
  void aTableOfWhichAFileIsCutOffIsRefused(String format) throws IOException {
    Path table = folder.resolve(format);
    photos(0, 30).write().format(format).save(table.toString());
    Path file;
    try (Stream<Path> files = Files.list(table)) {
      file = files.filter(each -> each.toString().endsWith("." + format)).findFirst().orElseThrow();
    }
    SparkTable whole = SparkTable.at(session, table.toString(), format, "");
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));

    assertRefused(
        () -> prepare(whole),
        // Parquet's files are read by Stoker, which knows damage; ORC's by Spark.
        format.equals("parquet") ? DamagedException.class : InputException.class,
        "Cannot read");
  }

  @Test
  void aFileWithoutColumnsIsNamed() throws IOException {
    Path table = Files.createDirectory(folder.resolve("cut"));
    Path file = Files.write(table.resolve("only.parquet"), new byte[1000]);

    assertRefused(
        () -> SparkTable.at(session, table.toString(), "parquet", ""),
        file.getFileName().toString());
  }

  @Test
  void theReaderForAnotherSparkIsRefusedInOneLine() {
    assumeThat(session.version()).as("Iceberg's runtime is not for it").startsWith("4.2");
    String lake = shared.resolve("lake/db/photos").toString();

    assertRefused(
        () -> SparkTable.named(session, "lake.db.photos", ""), "its reader is not for Spark 4.2");
    assertRefused(
        () -> SparkTable.at(session, lake, "iceberg", ""), "its reader is not for Spark 4.2");
  }

  @Test
  void whatIsNoTableIsRefusedInOneLine() {
    String uri = folder.resolve("delta").toString();
    photos(0, 30).write().format("delta").save(uri);

    assertRefused(() -> SparkTable.named(session, "lake.db.nothing", ""), "lake.db.nothing");
    assertRefused(() -> SparkTable.named(session, "nowhere.db.t", ""), "nowhere");
    assertRefused(
        () -> SparkTable.named(session, "a; DROP TABLE b", ""), "Invalid table: 'a; DROP");
    assertRefused(() -> SparkTable.named(session, "a.", ""), "Invalid table");
    assertRefused(() -> SparkTable.at(session, folder.resolve("no").toString(), "delta", ""), "no");
    assertRefused(
        () -> SparkTable.at(session, folder.resolve("no").toString(), "iceberg", ""), "no");
    assertRefused(() -> SparkTable.at(session, uri, "delta", "7"), "7");
    assertRefused(() -> SparkTable.at(session, uri, "delta", "newest"), "Invalid version");
    assertRefused(() -> SparkTable.at(session, uri, "hudi-not-there", ""), "hudi-not-there");
    assertRefused(
        () -> prepare(SparkTable.at(session, uri, "delta", ""), TableColumns.FOUND, 0),
        "No column holds labels for certain: [image, kind, part, caption] (say --label-column)");
    assertRefused(
        () ->
            prepare(
                SparkTable.at(session, uri, "delta", ""), new TableColumns("pic", "kind", ""), 0),
        "Unknown column: pic");
    String arrays = folder.resolve("arrays").toString();
    session.sql("SELECT array(1, 2) image, 'a' kind").write().format("delta").save(arrays);
    assertRefused(
        () ->
            prepare(
                SparkTable.at(session, arrays, "delta", ""),
                new TableColumns("image", "kind", ""),
                0),
        "Invalid column image: it has the type array<int>");
    String empty = folder.resolve("empty").toString();
    photos(0, 1).limit(0).write().format("delta").save(empty);
    assertRefused(() -> prepare(SparkTable.at(session, empty, "delta", "")), "have no rows");
  }

  /** Finds all classes but Delta's. */
  private static final class WithoutDelta extends ClassLoader {
    WithoutDelta(ClassLoader all) {
      super(all);
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (name.startsWith("io.delta.")) {
        throw new ClassNotFoundException(name);
      }
      return super.loadClass(name, resolve);
    }
  }

  @Test
  void aReaderThatIsMissingIsNamedWithThePackageForThisSpark() {
    Thread thread = Thread.currentThread();
    ClassLoader all = thread.getContextClassLoader();
    thread.setContextClassLoader(new WithoutDelta(all));
    try {
      assertThat(SparkTable.configuration("delta")).isEmpty();
      assertRefused(
          () -> SparkTable.at(session, folder.resolve("t").toString(), "delta", ""),
          "add its jar with --packages before the command, such as io.delta:delta-spark_"
              + (session.version().startsWith("3.5.") ? "2.12:" : "4.2_2.13:"));
    } finally {
      thread.setContextClassLoader(all);
    }
    assertThat(SparkTable.configuration("Delta")).containsKey("spark.sql.extensions");
  }

  private interface Action {
    void run();
  }

  private static void assertRefused(Action action, String reason) {
    assertRefused(action, InputException.class, reason);
  }

  private static void assertRefused(
      Action action, Class<? extends StokerException> family, String reason) {
    assertThatThrownBy(action::run).isInstanceOf(family).message().contains(reason).hasLineCount(1);
  }
}
