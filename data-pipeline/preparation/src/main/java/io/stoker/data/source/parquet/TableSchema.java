// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;

/**
 * Which columns of a Parquet table make a labelled image, and how. All files of a table have the
 * same.
 *
 * @param image the column of images
 * @param kind how it holds them
 * @param label the column of classes
 * @param classNames of labels that are numbers; empty if the labels are to be taken as they are
 * @param split the column of splits; empty if there is none
 * @param weight the column of weights; empty if there is none
 */
record TableSchema(
    String image,
    ImageKind kind,
    String label,
    List<String> classNames,
    String split,
    String weight)
    implements Serializable {
  static final String BYTES = "bytes";
  static final String PATH = "path";

  private static final Set<String> IMAGE_NAMES = Set.of("image", "img");
  private static final Set<String> LABEL_NAMES = Set.of("label", "labels", "class");
  private static final Set<PrimitiveTypeName> LABEL_TYPES =
      Set.of(
          PrimitiveTypeName.INT32,
          PrimitiveTypeName.INT64,
          PrimitiveTypeName.BINARY,
          PrimitiveTypeName.BOOLEAN);

  private static final Set<PrimitiveTypeName> WEIGHT_TYPES =
      Set.of(
          PrimitiveTypeName.INT32,
          PrimitiveTypeName.INT64,
          PrimitiveTypeName.FLOAT,
          PrimitiveTypeName.DOUBLE);

  /** How a column holds images. */
  enum ImageKind {
    /** The bytes of an image file. */
    BYTES,
    /** The URI of an image file. */
    URI,
    /** Hugging Face's structure of both, of which either may be null. */
    STRUCTURE
  }

  TableSchema {
    classNames = List.copyOf(classNames);
  }

  /**
   * Finds the columns of a file.
   *
   * @param schema of the file
   * @param metadata of the file
   * @param wanted what the user names
   * @throws InputException if there are no such columns
   */
  static TableSchema of(MessageType schema, Map<String, String> metadata, TableColumns wanted) {
    HuggingFaceFeatures features = HuggingFaceFeatures.of(metadata);
    String image =
        named(schema, wanted.image(), "image")
            .orElse(
                () ->
                    only(
                        schema,
                        "images",
                        "--image-column",
                        features.images()::contains,
                        name -> IMAGE_NAMES.contains(name) && isImage(schema.getType(name)),
                        name -> isImage(schema.getType(name))));
    Check.input(
        isImage(schema.getType(image)) || isText(schema.getType(image)),
        "Invalid image column %s: it is %s (must be binary, or a group of bytes and path)",
        image,
        described(schema.getType(image)));
    String label =
        named(schema, wanted.label(), "label")
            .orElse(
                () ->
                    only(
                        schema,
                        "labels",
                        "--label-column",
                        features.classNames()::containsKey,
                        name -> LABEL_NAMES.contains(name) && isLabel(schema.getType(name))));
    Check.input(
        isLabel(schema.getType(label)),
        "Invalid label column %s: it is %s (must be a whole number, text or a boolean)",
        label,
        described(schema.getType(label)));
    String split = named(schema, wanted.split(), "split").orElse(() -> "");
    Check.input(
        split.isEmpty() || isText(schema.getType(split)),
        "Invalid split column %s: it must be text",
        split);
    String weight = named(schema, wanted.weight(), "weight").orElse(() -> "");
    Check.input(
        weight.isEmpty() || isWeight(schema.getType(weight)),
        "Invalid weight column %s: it is %s (must be a number)",
        weight,
        weight.isEmpty() ? "" : described(schema.getType(weight)));
    return new TableSchema(
        image,
        kind(schema.getType(image)),
        label,
        features.classNames().getOrDefault(label, List.of()),
        split,
        weight);
  }

  /** What is used if the user names no column. */
  private interface Otherwise {
    String find();
  }

  /** A column that the user names, or none. */
  private record Named(String column) {
    String orElse(Otherwise other) {
      return column.isEmpty() ? other.find() : column;
    }
  }

  private static Named named(MessageType schema, String column, String use) {
    if (!column.isEmpty() && !schema.containsField(column)) {
      throw new InputException(
          "Unknown " + use + " column: " + column + " (there are " + names(schema) + ")");
    }
    return new Named(column);
  }

  /** The only column that fits the first of some rules that any column fits. */
  @SafeVarargs
  private static String only(
      MessageType schema, String what, String option, Predicate<String>... rules) {
    for (Predicate<String> rule : rules) {
      List<String> fitting = names(schema).stream().filter(rule).toList();
      Check.input(
          fitting.size() <= 1, "Several columns may be the %s: %s (say %s)", what, fitting, option);
      if (!fitting.isEmpty()) {
        return fitting.get(0);
      }
    }
    throw new InputException(
        "No column holds " + what + " for certain: " + names(schema) + " (say " + option + ")");
  }

  private static List<String> names(MessageType schema) {
    return schema.getFields().stream().map(Type::getName).toList();
  }

  private static boolean isImage(Type type) {
    return isSingle(type)
        && (type.isPrimitive()
            ? isBinary(type) && type.getLogicalTypeAnnotation() == null
            : isStructure(type.asGroupType()));
  }

  private static boolean isStructure(GroupType group) {
    return group.containsField(BYTES)
        && group.containsField(PATH)
        && isSingle(group.getType(BYTES))
        && isBinary(group.getType(BYTES))
        && isSingle(group.getType(PATH))
        && (isBinary(group.getType(PATH)) || isAlwaysNull(group.getType(PATH)));
  }

  /** PyArrow's type of a column without a value: whole numbers that are all null. */
  private static boolean isAlwaysNull(Type type) {
    return type.isPrimitive()
        && type.isRepetition(Type.Repetition.OPTIONAL)
        && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.INT32
        && type.getLogicalTypeAnnotation() == null;
  }

  private static boolean isBinary(Type type) {
    return type.isPrimitive()
        && type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
  }

  private static boolean isText(Type type) {
    return isSingle(type)
        && isBinary(type)
        && (type.getLogicalTypeAnnotation()
                instanceof LogicalTypeAnnotation.StringLogicalTypeAnnotation
            || type.getLogicalTypeAnnotation()
                instanceof LogicalTypeAnnotation.EnumLogicalTypeAnnotation);
  }

  private static boolean isLabel(Type type) {
    return isSingleOf(LABEL_TYPES, type);
  }

  private static boolean isWeight(Type type) {
    return isSingleOf(WEIGHT_TYPES, type);
  }

  /**
   * Decimals, dates, times, JSON and the like have the primitive types of numbers or text, and
   * another meaning. Text without annotation is that of old writers.
   */
  private static boolean isSingleOf(Set<PrimitiveTypeName> types, Type type) {
    return isSingle(type)
        && type.isPrimitive()
        && types.contains(type.asPrimitiveType().getPrimitiveTypeName())
        && (type.getLogicalTypeAnnotation() == null
            || type.getLogicalTypeAnnotation()
                instanceof LogicalTypeAnnotation.IntLogicalTypeAnnotation
            || isText(type));
  }

  private static boolean isSingle(Type type) {
    return !type.isRepetition(Type.Repetition.REPEATED);
  }

  private static ImageKind kind(Type type) {
    if (!type.isPrimitive()) {
      return ImageKind.STRUCTURE;
    }
    return isText(type) ? ImageKind.URI : ImageKind.BYTES;
  }

  private static String described(Type type) {
    return type.toString().replaceAll("\\s+", " ");
  }

  /**
   * The part of a file's schema that has to be read.
   *
   * @param schema of the file
   * @param images whether the images are wanted, or only where they came from
   */
  MessageType projection(MessageType schema, Images images) {
    List<Type> fields = new ArrayList<>();
    for (Type field : schema.getFields()) {
      String name = field.getName();
      if (name.equals(label) || name.equals(split) || name.equals(weight)) {
        fields.add(field);
      } else if (name.equals(image) && kind == ImageKind.STRUCTURE) {
        GroupType group = field.asGroupType();
        fields.add(
            images == Images.READ
                ? group.withNewFields(group.getType(BYTES), group.getType(PATH))
                : group.withNewFields(group.getType(PATH)));
      } else if (name.equals(image) && (images == Images.READ || kind == ImageKind.URI)) {
        fields.add(field);
      }
    }
    return new MessageType(schema.getName(), fields);
  }

  /** Whether images are read, or left out. */
  enum Images {
    READ,
    LEAVE_OUT
  }
}
