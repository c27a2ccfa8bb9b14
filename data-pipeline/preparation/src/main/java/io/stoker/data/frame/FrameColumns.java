// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.frame;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.stoker.data.source.ClassNames;
import io.stoker.data.source.ImagePaths;
import io.stoker.data.source.SourceImage;
import io.stoker.data.source.parquet.TableColumns;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which columns of a data frame make a labelled image.
 *
 * @param image holds the image, as {@link ImageColumn} says
 * @param label holds the class: a name, or a whole number
 * @param split holds the split; empty if there is none
 * @param path says where the image came from; empty for what the image column says of it
 * @param weight says how much a sample counts in the loss, a number above 0; empty if all count the
 *     same
 * @param classNames of labels that are numbers, from 0 on, as Hugging Face's {@code ClassLabel} has
 *     them; empty if the labels are to be taken as they are
 * @param files where URIs and paths of image files may lead
 */
public record FrameColumns(
    String image,
    String label,
    String split,
    String path,
    String weight,
    List<String> classNames,
    ImagePaths files) {
  private static final Logger LOG = LoggerFactory.getLogger(FrameColumns.class);

  private static final String NONE = "";
  private static final Set<String> IMAGE_NAMES = Set.of("image", "img");
  private static final Set<String> LABEL_NAMES = Set.of("label", "labels", "class");

  public FrameColumns {
    classNames = List.copyOf(classNames);
  }

  /**
   * Two columns, of a data frame whose rows have no splits.
   *
   * @param image holds the image, as {@link ImageColumn} says
   * @param label holds the class: a name, or a whole number
   */
  public static FrameColumns of(String image, String label) {
    return new FrameColumns(image, label, NONE, NONE, NONE, List.of(), ImagePaths.ANYWHERE);
  }

  /**
   * Finds the columns of a table by their types and the usual names, where the user names none.
   *
   * @param schema of the table
   * @param wanted what the user names
   * @throws InputException if a column is not there, or if it is not certain which one it is
   */
  public static FrameColumns find(StructType schema, TableColumns wanted) {
    String image =
        wanted.image().isEmpty()
            ? only(
                schema,
                "images",
                "--image-column",
                field ->
                    IMAGE_NAMES.contains(field.name()) && ImageColumn.holdsImages(schema, field),
                field -> ImageColumn.holdsImages(schema, field))
            : wanted.image();
    String label =
        wanted.label().isEmpty()
            ? only(
                schema,
                "labels",
                "--label-column",
                field -> LABEL_NAMES.contains(field.name()) && isLabel(field.dataType()))
            : wanted.label();
    wanted.unusedSplit(List.of(schema.fieldNames())).ifPresent(LOG::warn);
    return of(image, label).withSplit(wanted.split()).withWeight(wanted.weight());
  }

  /** The only column that fits the first of some rules that any column fits. */
  @SafeVarargs
  private static String only(
      StructType schema, String what, String option, Predicate<StructField>... rules) {
    for (Predicate<StructField> rule : rules) {
      List<String> fitting =
          Arrays.stream(schema.fields()).filter(rule).map(StructField::name).toList();
      Check.input(
          fitting.size() <= 1, "Several columns may be the %s: %s (say %s)", what, fitting, option);
      if (!fitting.isEmpty()) {
        return fitting.get(0);
      }
    }
    throw new InputException(
        "No column holds "
            + what
            + " for certain: "
            + List.of(schema.fieldNames())
            + " (say "
            + option
            + ")");
  }

  private static boolean isLabel(DataType type) {
    return type instanceof StringType || type instanceof BooleanType || type instanceof NumericType;
  }

  /**
   * The columns that are needed of a schema, so that no others are read.
   *
   * @throws InputException if one is not there
   */
  public Column[] needed(StructType schema) {
    boolean binary = type(schema, image) instanceof BinaryType;
    return Arrays.stream(schema.fieldNames())
        .filter(
            name ->
                List.of(image, label, split, path, weight).contains(name)
                    || (binary && ImageColumn.ShardRow.NEIGHBOURS.containsKey(name)))
        .map(FrameColumns::quoted)
        .toArray(Column[]::new);
  }

  /** Adds the column that holds the split. */
  public FrameColumns withSplit(String column) {
    return new FrameColumns(image, label, column, path, weight, classNames, files);
  }

  /** Adds the column that says where an image came from. */
  public FrameColumns withPath(String column) {
    return new FrameColumns(image, label, split, column, weight, classNames, files);
  }

  /** Adds the column of weights, by which a sample counts. */
  public FrameColumns withWeight(String column) {
    return new FrameColumns(image, label, split, path, column, classNames, files);
  }

  /** Names the labels that are numbers. */
  public FrameColumns withClassNames(List<String> names) {
    return new FrameColumns(image, label, split, path, weight, names, files);
  }

  /** Restricts the folders whose files the rows may name. */
  public FrameColumns withFiles(ImagePaths paths) {
    return new FrameColumns(image, label, split, path, weight, classNames, paths);
  }

  /**
   * Finds the columns in a schema.
   *
   * @throws InputException if one is not there, or has the wrong type
   */
  public Bound bind(StructType schema) {
    ImageColumn images = ImageColumn.of(schema, image, files);
    DataType type = type(schema, label);
    Check.input(
        isLabel(type),
        "Invalid column %s: it has the type %s (labels must be text or whole numbers)",
        label,
        type.simpleString());
    for (String column : List.of(split, path)) {
      Check.input(
          column.isEmpty() || type(schema, column) instanceof StringType,
          "Invalid column %s: it must be text",
          column);
    }
    Check.input(
        weight.isEmpty() || type(schema, weight) instanceof NumericType,
        "Invalid column %s: it must be a number, the weight of a sample",
        weight);
    return new Bound(
        images,
        index(schema, label),
        split.isEmpty() ? Bound.NONE : index(schema, split),
        path.isEmpty() ? Bound.NONE : index(schema, path),
        weight.isEmpty() ? Bound.NONE : index(schema, weight),
        new Column[] {
          path.isEmpty() ? images.pathColumn(image).orElse(lit(NONE)) : quoted(path),
          quoted(label),
          split.isEmpty() ? lit(NONE) : quoted(split)
        },
        List.copyOf(classNames));
  }

  private static DataType type(StructType schema, String column) {
    return schema.fields()[index(schema, column)].dataType();
  }

  /**
   * The place of a column.
   *
   * @throws InputException if there is no column of this name, or more than one
   */
  public static int index(StructType schema, String column) {
    List<String> names = List.of(schema.fieldNames());
    Check.input(names.contains(column), "Unknown column: %s (there are %s)", column, names);
    int index = names.indexOf(column);
    Check.input(
        names.lastIndexOf(column) == index,
        "Ambiguous column: %s (there are %s); give each column a name of its own",
        column,
        names);
    return index;
  }

  /** A column by its name, dots included. */
  public static Column quoted(String name) {
    return col("`" + name.replace("`", "``") + "`");
  }

  /** The text of a column, empty for null. */
  public static String text(Row row, int index) {
    return row.isNullAt(index) ? NONE : row.getString(index);
  }

  /** The columns in the rows of a schema. */
  public static final class Bound implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final int NONE = -1;

    private final ImageColumn images;
    private final int label;
    private final int split;
    private final int path;
    private final int weight;
    private final transient Column[] description;
    private final List<String> classNames;

    private Bound(
        ImageColumn images,
        int label,
        int split,
        int path,
        int weight,
        Column[] description,
        List<String> classNames) {
      this.images = images;
      this.label = label;
      this.split = split;
      this.path = path;
      this.weight = weight;
      this.description = description;
      this.classNames = classNames;
    }

    /** Path, label and split of a row, for a selection that leaves the images out. */
    public Column[] description() {
      return description.clone();
    }

    /** Where the image of a row came from; empty if nothing says so. */
    public String path(Row row) {
      return path == NONE ? images.path(row).orElse("") : text(row, path);
    }

    /** The split of a row; empty if it has none. */
    public String split(Row row) {
      return split == NONE ? "" : text(row, split);
    }

    /** How much a row counts; NaN if it does not say so although there is a column of weights. */
    public float weight(Row row) {
      if (weight == NONE) {
        return 1;
      }
      return row.isNullAt(weight) ? Float.NaN : ((Number) row.get(weight)).floatValue();
    }

    /** The class of a row; empty if it has none. */
    public String className(Row row) {
      return classNameOf(row.get(label));
    }

    /** The class of a label; empty for null. A number that has no name stays a number. */
    public String classNameOf(Object value) {
      if (value == null || value.equals(Double.NaN) || value.equals(Float.NaN)) {
        return "";
      }
      if (!(value instanceof Number number)) {
        return value.toString();
      }
      return ClassNames.named(decimal(number), classNames);
    }

    /** Spark reads whole numbers without a sign as decimals, which may be too large for Java's. */
    private static String decimal(Number number) {
      if (number instanceof BigDecimal exact) {
        return exact.signum() == 0 ? "0" : exact.stripTrailingZeros().toPlainString();
      }
      double value = number.doubleValue();
      long whole = number.longValue();
      return whole == value ? Long.toString(whole) : String.format(Locale.ROOT, "%s", value);
    }

    /** The image of a row. */
    public SourceImage image(Row row, Configuration hadoop) {
      return images.image(row, hadoop);
    }
  }
}
