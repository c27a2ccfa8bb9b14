// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import java.util.List;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Type.Repetition;
import org.apache.parquet.schema.Types;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Spark's rows as Parquet's: strings, whole numbers of 64 bits, doubles, and arrays of structures
 * of these, as Spark SQL writes them.
 */
final class ParquetRows {
  private ParquetRows() {}

  /** The schema of a file with these columns. */
  static MessageType schema(List<StructField> fields) {
    return new MessageType("predictions", fields.stream().map(ParquetRows::type).toList());
  }

  private static Type type(StructField field) {
    Repetition repetition = field.nullable() ? Repetition.OPTIONAL : Repetition.REQUIRED;
    DataType type = field.dataType();
    if (type instanceof StringType) {
      return Types.primitive(PrimitiveTypeName.BINARY, repetition)
          .as(LogicalTypeAnnotation.stringType())
          .named(field.name());
    }
    if (type instanceof LongType) {
      return Types.primitive(PrimitiveTypeName.INT64, repetition).named(field.name());
    }
    if (type instanceof DoubleType) {
      return Types.primitive(PrimitiveTypeName.DOUBLE, repetition).named(field.name());
    }
    if (type instanceof ArrayType array && array.elementType() instanceof StructType element) {
      return Types.list(repetition)
          .requiredGroupElement()
          .addFields(List.of(element.fields()).stream().map(ParquetRows::type).toArray(Type[]::new))
          .named(field.name());
    }
    throw new IllegalArgumentException("No type of Parquet is known for " + field);
  }

  /**
   * Copies values of a row.
   *
   * @param group receives them
   * @param fields of the group
   * @param row has them
   * @param places where in the row the fields are
   */
  static void fill(Group group, List<StructField> fields, Row row, int[] places) {
    for (int i = 0; i < places.length; i++) {
      add(group, fields.get(i), row.get(places[i]));
    }
  }

  private static void add(Group group, StructField field, Object value) {
    if (value instanceof String text) {
      group.append(field.name(), text);
    } else if (value instanceof Long number) {
      group.append(field.name(), number.longValue());
    } else if (value instanceof Double number) {
      group.append(field.name(), number.doubleValue());
    } else if (value instanceof Row[] elements) {
      List<StructField> fields =
          List.of(((StructType) ((ArrayType) field.dataType()).elementType()).fields());
      Group list = group.addGroup(field.name());
      for (Row element : elements) {
        Group added = list.addGroup(0).addGroup(0);
        for (int i = 0; i < fields.size(); i++) {
          add(added, fields.get(i), element.get(i));
        }
      }
    } else if (value != null) {
      throw new IllegalArgumentException(field.name() + " holds a " + value.getClass());
    }
  }
}
