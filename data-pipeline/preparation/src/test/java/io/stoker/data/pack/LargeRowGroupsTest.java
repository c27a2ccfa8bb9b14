// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestImages;
import io.stoker.data.TestSpark;
import io.stoker.data.frame.FrameColumns;
import io.stoker.data.frame.SparkTable;
import io.stoker.data.source.parquet.ParquetTable;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.data.source.parquet.TestTables;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tables whose row groups and pages are as large as the heap of the process that reads them. */
@Tag("slow")
class LargeRowGroupsTest {
  private static final int MEGABYTE = 1 << 20;

  @TempDir private Path folder;

  /** What the process of the small heap runs: it prepares a table. */
  public static final class Preparation {
    private Preparation() {}

    /**
     * Prepares a table.
     *
     * @param arguments the table, the output and what reads it
     */
    public static void main(String[] arguments) throws IOException {
      Reader reader = Reader.valueOf(arguments[2]);
      PrepareOptions.Builder options =
          PrepareOptions.builder()
              .output(new org.apache.hadoop.fs.Path(arguments[1]))
              .size(8)
              .maximumRejected(0.5);
      if (reader != Reader.FILES) { // The names of the files say the split.
        options.splits(new SplitFractions(List.of("train"), List.of(1.0)));
      }
      try (JavaSparkContext spark = TestSpark.local(2)) {
        new PrepareJob(spark, options.build()).run(rows(spark, arguments[0], reader));
      }
    }

    private static ImageRows rows(JavaSparkContext spark, String table, Reader reader)
        throws IOException {
      if (reader == Reader.FILES) {
        return ImageRows.of(
            spark,
            ParquetTable.open(
                new org.apache.hadoop.fs.Path(table),
                TableColumns.FOUND,
                spark.hadoopConfiguration()));
      }
      SparkSession session = SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
      return ImageRows.of(
          SparkTable.at(session, table, "parquet", ""), FrameColumns.of("image", "label"));
    }
  }

  /** What a table is opened as: Parquet files, or a table of Spark's. */
  private enum Reader {
    FILES,
    TABLE
  }

  /** A PNG file that holds some megabytes besides its picture. */
  private static byte[] png(int megabytes, long seed) throws IOException {
    byte[] picture = TestImages.file(TestImages.gradient(10, 12, 3), "png");
    byte[] chunk = new byte[megabytes * MEGABYTE + 4];
    new SplittableRandom(seed).nextBytes(chunk);
    System.arraycopy("stKr".getBytes(StandardCharsets.US_ASCII), 0, chunk, 0, 4);
    CRC32 crc = new CRC32();
    crc.update(chunk);
    int header = 8 + 25;
    ByteArrayOutputStream file = new ByteArrayOutputStream(picture.length + chunk.length + 8);
    file.write(picture, 0, header);
    file.write(ByteBuffer.allocate(4).putInt(chunk.length - 4).array());
    file.write(chunk);
    file.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    file.write(picture, header, picture.length - header);
    return file.toByteArray();
  }

  /** Three rows of 50 MB and one that is too long, in one row group of one page. */
  private void write(Path file, CompressionCodecName codec, boolean hasDictionary)
      throws IOException {
    int all = 1 << 30;
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(new org.apache.hadoop.fs.Path(file.toUri()))
            .withType(TestTables.SCHEMA)
            .withExtraMetaData(TestTables.features("a", "b"))
            .withCompressionCodec(codec)
            .withRowGroupSize((long) all)
            .withPageSize(all)
            .withDictionaryPageSize(all)
            .withDictionaryEncoding("image.bytes", hasDictionary)
            .withMinRowCountForPageSizeCheck(1000)
            .build()) {
      for (int i = 0; i < 3; i++) {
        writer.write(TestTables.row(png(50, i), "p" + i, (long) i % 2));
      }
      writer.write(TestTables.row(png(90, 9), "long", 0L));
    }
  }

  @Test
  @Tag("thorough")
  void dictionariesFitASmallHeap() throws Exception {
    fitASmallHeap(CompressionCodecName.UNCOMPRESSED, true, Reader.FILES);
  }

  @ParameterizedTest
  @CsvSource({"SNAPPY, false, FILES", "UNCOMPRESSED, false, TABLE"})
  void fitASmallHeap(CompressionCodecName codec, boolean hasDictionary, Reader reader)
      throws Exception {
    Path file = folder.resolve("train.parquet");
    Path out = folder.resolve("out");
    write(file, codec, hasDictionary);

    Process process = prepare(file, out, reader);
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    assertThat(Files.readAllLines(out.resolve("rejected.jsonl")))
        .singleElement()
        .asString()
        .contains(
            "\"long\"",
            "too large for the memory of this process: 94",
            "row 3 of row group 0 of file:" + file);
    assertThat(Files.readString(out.resolve("manifest.json"))).contains("\"samples\" : 3");
  }

  /** Java 17 needs Spark's list of opened packages, which this process was started with. */
  private static Process prepare(Path file, Path out, Reader reader) throws IOException {
    List<String> opens =
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
            .filter(each -> each.startsWith("--add-opens"))
            .toList();
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(opens);
    command.addAll(
        List.of(
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            Preparation.class.getName(),
            file.toUri().toString(),
            out.toUri().toString(),
            reader.name()));
    return new ProcessBuilder(command).redirectErrorStream(true).start();
  }
}
