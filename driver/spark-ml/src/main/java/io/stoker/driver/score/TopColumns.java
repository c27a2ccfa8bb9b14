// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import io.stoker.driver.evaluate.Ranking;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The columns of {@code predict --output}: the most probable class, its probability, the {@code
 * top} most probable ones with theirs, and why an image could not be read.
 *
 * @param classNames the classes' names, in label order
 * @param top how many of them
 */
record TopColumns(List<String> classNames, int top) implements ScoreColumns {
  private static final StructType CLASS =
      new StructType().add("class", DataTypes.StringType).add("probability", DataTypes.DoubleType);

  static final List<StructField> FIELDS =
      List.of(
          DataTypes.createStructField("prediction", DataTypes.StringType, true),
          DataTypes.createStructField("probability", DataTypes.DoubleType, true),
          DataTypes.createStructField("top", DataTypes.createArrayType(CLASS, false), true),
          DataTypes.createStructField("error", DataTypes.StringType, true));

  /** Their names. */
  static final List<String> NAMES = FIELDS.stream().map(StructField::name).toList();

  TopColumns {
    classNames = List.copyOf(classNames);
  }

  @Override
  public List<StructField> fields() {
    return FIELDS;
  }

  @Override
  public Object[] values(float[] probabilities, int offset) {
    List<Integer> best = Ranking.best(probabilities, offset, classNames.size(), top);
    Row[] classes =
        best.stream()
            .map(
                label ->
                    RowFactory.create(
                        classNames.get(label), (double) probabilities[offset + label]))
            .toArray(Row[]::new);
    return new Object[] {classes[0].get(0), classes[0].get(1), classes, null};
  }

  @Override
  public Object[] unreadable(String reason) {
    return new Object[] {null, null, null, reason};
  }
}
