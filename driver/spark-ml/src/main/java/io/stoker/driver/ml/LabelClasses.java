// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.source.ClassNames;
import io.stoker.driver.spark.Scala;
import io.stoker.failure.Check;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.ml.attribute.Attribute;
import org.apache.spark.ml.attribute.BinaryAttribute;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StructField;

/**
 * The classes of a column of labels. Numbers are numbers of classes, as everywhere in Spark ML:
 * class 3 stays class 3 where no row has class 2. Texts become classes in the order of their names.
 */
final class LabelClasses {
  private LabelClasses() {}

  /**
   * The names of the classes, in label order.
   *
   * @param field the column, perhaps with an attribute of Spark ML that names them
   * @param summary of its rows
   * @param count how many there must be; 0 for what the column has
   * @throws io.stoker.failure.InputException if labels are no classes, or all the same
   */
  static List<String> of(StructField field, FrameSummary summary, int count) {
    boolean numbers = field.dataType() instanceof NumericType;
    Check.input(
        numbers ? summary.numbers() > 0 : !summary.texts().isEmpty(),
        "Invalid column %s: all %d rows have no label",
        field.name(),
        summary.rows());
    return numbers ? numbered(field, summary, count) : named(field, summary, count);
  }

  private static List<String> named(StructField field, FrameSummary summary, int count) {
    Check.input(
        summary.texts().size() > 1,
        "Invalid column %s: all labels are '%s' (a classifier needs two classes or more)",
        field.name(),
        summary.texts().first());
    requireFew(field, summary.texts().size());
    Check.input(
        count == 0 || count == summary.texts().size(),
        "Invalid numClasses: %d, but column %s has %d different labels",
        count,
        field.name(),
        summary.texts().size());
    return ClassNames.sorted(summary.texts());
  }

  private static List<String> numbered(StructField field, FrameSummary summary, int count) {
    Check.input(
        summary.noClass().isEmpty(),
        "Invalid label in column %s: %s (must be a whole number from 0, or text)",
        field.name(),
        summary.noClass());
    Check.input(
        summary.smallest() < summary.largest(),
        "Invalid column %s: all labels are %.0f (a classifier needs two classes or more)",
        field.name(),
        summary.smallest());
    requireFew(field, summary.largest() + 1);
    Optional<List<String>> names = attributeNames(field);
    int classes = names.map(List::size).orElse(count > 0 ? count : (int) summary.largest() + 1);
    Check.input(
        count == 0 || count == classes,
        "Invalid numClasses: %d, but the metadata of column %s names %d classes",
        count,
        field.name(),
        classes);
    Check.input(
        summary.largest() < classes,
        "Invalid label in column %s: %.0f (must be 0 to %d, because %s %d classes)",
        field.name(),
        summary.largest(),
        classes - 1,
        names.isPresent() ? "its metadata names" : "numClasses says",
        classes);
    return names.orElseGet(() -> numbers(classes));
  }

  private static void requireFew(StructField field, double classes) {
    Check.input(
        classes <= FrameSummary.MOST_CLASSES,
        "Invalid column %s: it has more than %d classes (is it the right column?)",
        field.name(),
        FrameSummary.MOST_CLASSES);
  }

  private static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(Integer::toString).toList();
  }

  /** The names that a {@code StringIndexer} left in the column's metadata, for one. */
  private static Optional<List<String>> attributeNames(StructField field) {
    Attribute attribute = Attribute.fromStructField(field);
    if (attribute instanceof NominalAttribute nominal) {
      return Scala.optional(nominal.values())
          .map(List::of)
          .or(() -> Scala.optional(nominal.getNumValues()).map(count -> numbers((int) count)));
    }
    if (attribute instanceof BinaryAttribute binary) {
      return Optional.of(Scala.optional(binary.values()).map(List::of).orElseGet(() -> numbers(2)));
    }
    return Optional.empty();
  }
}
