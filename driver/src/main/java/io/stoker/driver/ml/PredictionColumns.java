// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.evaluate.Ranking;
import io.stoker.driver.score.ScoreColumns;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;

/**
 * The columns that Spark's own classifiers add, and two more; one without a name is left out.
 *
 * @param probability a vector, a probability a class
 * @param prediction a double, the number of the most probable class
 * @param predictedLabel a string, its name
 * @param error a string, why the image could not be read, or null
 * @param classNames the classes' names, in label order
 */
record PredictionColumns(
    String probability,
    String prediction,
    String predictedLabel,
    String error,
    List<String> classNames)
    implements ScoreColumns {
  PredictionColumns {
    classNames = List.copyOf(classNames);
  }

  @Override
  public List<StructField> fields() {
    List<StructField> fields = new ArrayList<>();
    add(fields, probability, SQLDataTypes.VectorType());
    add(fields, prediction, DataTypes.DoubleType);
    add(fields, predictedLabel, DataTypes.StringType);
    add(fields, error, DataTypes.StringType);
    return List.copyOf(fields);
  }

  private static void add(List<StructField> fields, String name, DataType type) {
    if (!name.isEmpty()) {
      fields.add(DataTypes.createStructField(name, type, true));
    }
  }

  @Override
  public Object[] values(float[] probabilities, int offset) {
    double[] vector = new double[classNames.size()];
    for (int label = 0; label < vector.length; label++) {
      vector[label] = probabilities[offset + label];
    }
    int best = Ranking.best(probabilities, offset, vector.length, 1).get(0);
    return named(Vectors.dense(vector), (double) best, classNames.get(best), null);
  }

  @Override
  public Object[] unreadable(String reason) {
    return named(null, null, null, reason);
  }

  private Object[] named(Object vector, Object number, Object label, Object failure) {
    String[] names = {probability, prediction, predictedLabel, error};
    Object[] all = {vector, number, label, failure};
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      if (!names[i].isEmpty()) {
        values.add(all[i]);
      }
    }
    return values.toArray();
  }
}
