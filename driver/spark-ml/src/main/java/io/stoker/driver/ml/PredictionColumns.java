// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.driver.score.ScoreColumns;
import io.stoker.worker.eval.Probabilities;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.attribute.NominalAttribute;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.SQLDataTypes;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;

/**
 * The columns that Spark's own classifiers add, and two more; one without a name is left out.
 *
 * @param rawPrediction a vector, the natural logarithm of each class's probability
 * @param probability a vector, a probability a class
 * @param prediction a double, the number of the predicted class
 * @param predictedLabel a string, its name
 * @param error a string, why the image could not be read, or null
 * @param classNames the classes' names, in label order; empty where they are not known yet
 * @param thresholds one a class: the class with the largest probability divided by its threshold is
 *     predicted; empty for the most probable class
 */
record PredictionColumns(
    String rawPrediction,
    String probability,
    String prediction,
    String predictedLabel,
    String error,
    List<String> classNames,
    List<Double> thresholds)
    implements ScoreColumns {
  /** Of more classes, the names would make each schema longer than all else in it. */
  private static final int MOST_NAMES = 10_000;

  PredictionColumns {
    classNames = List.copyOf(classNames);
    thresholds = List.copyOf(thresholds);
  }

  @Override
  public List<StructField> fields() {
    List<StructField> fields = new ArrayList<>();
    add(fields, rawPrediction, SQLDataTypes.VectorType(), Metadata.empty());
    add(fields, probability, SQLDataTypes.VectorType(), Metadata.empty());
    add(fields, prediction, DataTypes.DoubleType, names());
    add(fields, predictedLabel, DataTypes.StringType, Metadata.empty());
    add(fields, error, DataTypes.StringType, Metadata.empty());
    return List.copyOf(fields);
  }

  /** The classes' names where Spark ML looks for them, such as its {@code IndexToString}. */
  private Metadata names() {
    if (prediction.isEmpty() || classNames.isEmpty()) {
      return Metadata.empty();
    }
    NominalAttribute attribute = NominalAttribute.defaultAttr().withName(prediction);
    return classNames.size() <= MOST_NAMES
        ? attribute.withValues(classNames.toArray(new String[0])).toMetadata()
        : attribute.withNumValues(classNames.size()).toMetadata();
  }

  private static void add(List<StructField> fields, String name, DataType type, Metadata metadata) {
    if (!name.isEmpty()) {
      fields.add(DataTypes.createStructField(name, type, true, metadata));
    }
  }

  @Override
  public Object[] values(float[] probabilities, int offset) {
    double[] vector = new double[classNames.size()];
    for (int label = 0; label < vector.length; label++) {
      vector[label] = Probabilities.requireNumber(probabilities[offset + label], label);
    }
    int label = predicted(vector);
    return named(
        rawPrediction.isEmpty() ? null : new DenseVector(logarithms(vector)),
        new DenseVector(vector),
        (double) label,
        classNames.get(label),
        null);
  }

  /** As Spark's classifiers have it: a class with threshold 0 wins unless its probability is 0. */
  private int predicted(double[] vector) {
    int best = 0;
    double most = Double.NEGATIVE_INFINITY;
    for (int label = 0; label < vector.length; label++) {
      double scaled = thresholds.isEmpty() ? vector[label] : vector[label] / thresholds.get(label);
      if (scaled > most) {
        most = scaled;
        best = label;
      }
    }
    return best;
  }

  /** What a softmax makes the probabilities of. */
  private static double[] logarithms(double[] vector) {
    double[] logarithms = new double[vector.length];
    for (int label = 0; label < vector.length; label++) {
      logarithms[label] = Math.log(Math.max(vector[label], Float.MIN_VALUE));
    }
    return logarithms;
  }

  @Override
  public Object[] unreadable(String reason) {
    return named(null, null, null, null, reason);
  }

  private Object[] named(Object raw, Object vector, Object number, Object label, Object failure) {
    String[] names = {rawPrediction, probability, prediction, predictedLabel, error};
    Object[] all = {raw, vector, number, label, failure};
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < names.length; i++) {
      if (!names[i].isEmpty()) {
        values.add(all[i]);
      }
    }
    return values.toArray();
  }
}
