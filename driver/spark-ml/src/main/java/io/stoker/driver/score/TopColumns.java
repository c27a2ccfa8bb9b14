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
  /** Their names. */
  static final List<String> NAMES = List.of("prediction", "probability", "top", "error");

  private static final StructType CLASS =
      new StructType().add("class", DataTypes.StringType).add("probability", DataTypes.DoubleType);

  TopColumns {
    classNames = List.copyOf(classNames);
  }

  @Override
  public List<StructField> fields() {
    return List.of(
        DataTypes.createStructField(NAMES.get(0), DataTypes.StringType, true),
        DataTypes.createStructField(NAMES.get(1), DataTypes.DoubleType, true),
        DataTypes.createStructField(NAMES.get(2), DataTypes.createArrayType(CLASS, false), true),
        DataTypes.createStructField(NAMES.get(3), DataTypes.StringType, true));
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
