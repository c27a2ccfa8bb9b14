// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.driver.score.BulkPredictResult.Unreadable;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * A Parquet file of predictions, and what is in it. Spark SQL would write the same rows; in a fresh
 * process, planning and compiling that costs more than thousands of small images.
 *
 * @param name of the file in its folder
 * @param rows how many it has
 * @param unreadable how many of them are of images that could not be read
 * @param examples the first few of these, by path
 */
record PredictionFile(String name, long rows, long unreadable, List<Unreadable> examples)
    implements Serializable {
  /** How many images that could not be read are named. */
  private static final int NAMED = 5;

  private static final Comparator<Unreadable> BY_PATH = Comparator.comparing(Unreadable::path);

  PredictionFile {
    examples = List.copyOf(examples);
  }

  /**
   * Which columns the files have: the first ones of the images, and those of {@link TopColumns}.
   *
   * @param images the schema of the images, their paths first
   * @param kept how many of its columns are written
   */
  record Columns(StructType images, int kept) implements Serializable {
    private List<StructField> fields() {
      return Stream.concat(Stream.of(images.fields()).limit(kept), TopColumns.FIELDS.stream())
          .toList();
    }

    /** The places of the fields in a row, which has all columns of the images. */
    private int[] places() {
      return IntStream.concat(
              IntStream.range(0, kept),
              IntStream.range(images.size(), images.size() + TopColumns.FIELDS.size()))
          .toArray();
    }
  }

  /**
   * Writes rows to a new file.
   *
   * @param folder where to
   * @param name of the file
   * @param scored the rows, with the columns of the images and of the top classes
   * @param columns which of them are written
   * @param hadoop how to reach the folder
   * @throws IOException if the file cannot be written
   */
  static PredictionFile write(
      Path folder, String name, Iterator<Row> scored, Columns columns, Configuration hadoop)
      throws IOException {
    List<StructField> fields = columns.fields();
    int[] places = columns.places();
    MessageType schema = ParquetRows.schema(fields);
    long rows = 0;
    long unreadable = 0;
    List<Unreadable> examples = new ArrayList<>();
    try (ParquetWriter<Group> writer =
        ExampleParquetWriter.builder(HadoopOutputFile.fromPath(new Path(folder, name), hadoop))
            .withConf(hadoop)
            .withType(schema)
            .withCompressionCodec(CompressionCodecName.SNAPPY)
            .build()) {
      for (; scored.hasNext(); rows++) {
        Row row = scored.next();
        Group group = new SimpleGroup(schema);
        ParquetRows.fill(group, fields, row, places);
        writer.write(group);
        int error = row.size() - 1;
        if (!row.isNullAt(error)) {
          unreadable++;
          examples.add(new Unreadable(row.getString(0), row.getString(error)));
          if (examples.size() > 2 * NAMED) {
            examples = first(examples.stream());
          }
        }
      }
    }
    return new PredictionFile(name, rows, unreadable, first(examples.stream()));
  }

  /** The first few of the images that could not be read. */
  static List<Unreadable> first(Stream<Unreadable> unreadable) {
    return new ArrayList<>(unreadable.sorted(BY_PATH).limit(NAMED).toList());
  }
}
