// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.driver.score.BulkPredictResult.Unreadable;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopOutputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.LongType;
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
   * Which columns the files have: the first ones of the images, and those of {@link TopColumns},
   * with the types that Spark SQL gives them.
   *
   * @param images the schema of the images, strings and whole numbers first, the path as the first
   *     of all
   * @param kept how many of its columns are written
   */
  record Columns(StructType images, int kept) implements Serializable {
    private static final String CLASS = "class";
    private static final String PROBABILITY = "probability";

    private MessageType schema() {
      List<Type> types = new ArrayList<>();
      types.add(Types.required(PrimitiveTypeName.BINARY).as(text()).named(images.apply(0).name()));
      for (int i = 1; i < kept; i++) {
        String name = images.apply(i).name();
        types.add(
            images.apply(i).dataType() instanceof LongType
                ? Types.optional(PrimitiveTypeName.INT64).named(name)
                : string(name));
      }
      types.add(string(TopColumns.NAMES.get(0)));
      types.add(number(TopColumns.NAMES.get(1)));
      types.add(
          Types.optionalList()
              .requiredGroupElement()
              .addFields(string(CLASS), number(PROBABILITY))
              .named(TopColumns.NAMES.get(2)));
      types.add(string(TopColumns.NAMES.get(3)));
      return new MessageType("predictions", types);
    }

    private static LogicalTypeAnnotation text() {
      return LogicalTypeAnnotation.stringType();
    }

    private static Type string(String name) {
      return Types.optional(PrimitiveTypeName.BINARY).as(text()).named(name);
    }

    private static Type number(String name) {
      return Types.optional(PrimitiveTypeName.DOUBLE).named(name);
    }

    /** The row as it is written, of one with the columns of the images and of the top classes. */
    private Group group(Row row, MessageType schema) {
      Group group = new SimpleGroup(schema);
      for (int i = 0; i < kept; i++) {
        append(group, schema.getFieldName(i), row.get(i));
      }
      for (int i = 0; i < TopColumns.NAMES.size(); i++) {
        append(group, TopColumns.NAMES.get(i), row.get(images.size() + i));
      }
      return group;
    }

    private static void append(Group group, String name, Object value) {
      if (value instanceof String string) {
        group.append(name, string);
      } else if (value instanceof Long number) {
        group.append(name, number.longValue());
      } else if (value instanceof Double number) {
        group.append(name, number.doubleValue());
      } else if (value instanceof Row[] classes) {
        Group list = group.addGroup(name);
        for (Row each : classes) {
          Group element = list.addGroup(0).addGroup(0);
          append(element, CLASS, each.get(0));
          append(element, PROBABILITY, each.get(1));
        }
      } else if (value != null) {
        throw new IllegalArgumentException(name + " holds a " + value.getClass());
      }
    }

    private Unreadable unreadable(Row row) {
      return new Unreadable(row.getString(0), row.getString(row.size() - 1));
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
    MessageType schema = columns.schema();
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
        writer.write(columns.group(row, schema));
        if (!row.isNullAt(row.size() - 1)) {
          unreadable++;
          examples.add(columns.unreadable(row));
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
