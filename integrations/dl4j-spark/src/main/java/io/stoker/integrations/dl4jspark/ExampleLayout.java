// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

/**
 * How one example of a {@link MultiDataSet} is a row of fp32 values: its arrays one after the
 * other, each row-major. All examples of a data set have the same layout.
 *
 * @param features the shape of each array of features, without the examples' dimension
 * @param labels likewise
 * @param featureMasks likewise; of an array without a mask, empty
 * @param labelMasks likewise
 */
record ExampleLayout(
    List<List<Long>> features,
    List<List<Long>> labels,
    List<List<Long>> featureMasks,
    List<List<Long>> labelMasks)
    implements Serializable {

  /** The layout of some examples. */
  static ExampleLayout of(MultiDataSet examples) {
    Check.input(
        examples.getFeatures() != null && examples.getLabels() != null,
        "Invalid training data: examples without features or labels");
    return new ExampleLayout(
        shapes(examples.getFeatures()),
        shapes(examples.getLabels()),
        shapes(examples.getFeaturesMaskArrays()),
        shapes(examples.getLabelsMaskArrays()));
  }

  private static List<List<Long>> shapes(INDArray[] arrays) {
    List<List<Long>> shapes = new ArrayList<>();
    for (INDArray array : arrays == null ? new INDArray[0] : arrays) {
      shapes.add(array == null ? List.of() : Arrays.stream(array.shape()).skip(1).boxed().toList());
    }
    return List.copyOf(shapes);
  }

  /** How many examples there are. */
  static int examples(MultiDataSet examples) {
    return Math.toIntExact(examples.getFeatures(0).size(0));
  }

  /** Whether an example is one array of features and one distribution over classes. */
  boolean isClassified() {
    return features.size() == 1
        && labels.size() == 1
        && labels.get(0).size() == 1
        && !isMasked(featureMasks)
        && !isMasked(labelMasks);
  }

  private static boolean isMasked(List<List<Long>> masks) {
    return masks.stream().anyMatch(shape -> !shape.isEmpty());
  }

  /** How many values the features of an example have. */
  int featureSize() {
    return size(features);
  }

  /** How many values an example has. */
  int size() {
    return size(features) + size(labels) + size(featureMasks) + size(labelMasks);
  }

  private static int size(List<List<Long>> shapes) {
    return shapes.stream().mapToInt(ExampleLayout::sizeOf).sum();
  }

  private static int sizeOf(List<Long> shape) {
    return shape.isEmpty()
        ? 0
        : Math.toIntExact(shape.stream().mapToLong(Long::longValue).reduce(1, (a, b) -> a * b));
  }

  /**
   * Cuts examples into rows.
   *
   * @throws InputException if they have another layout
   */
  List<float[]> rows(MultiDataSet examples) {
    ExampleLayout found = of(examples);
    if (!found.equals(this)) {
      throw new InputException(
          "Invalid training data: examples of shapes %s and of %s; bring them to one shape"
              .formatted(found.features, features));
    }
    int count = examples(examples);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rows.add(new float[size()]);
    }
    int offset = 0;
    for (INDArray[] arrays :
        Arrays.asList(
            examples.getFeatures(),
            examples.getLabels(),
            examples.getFeaturesMaskArrays(),
            examples.getLabelsMaskArrays())) {
      for (INDArray array : arrays == null ? new INDArray[0] : arrays) {
        offset += array == null ? 0 : scatter(array, rows, offset);
      }
    }
    return rows;
  }

  private static int scatter(INDArray array, List<float[]> rows, int offset) {
    float[] values = array.castTo(DataType.FLOAT).dup('c').data().asFloat();
    int size = values.length / rows.size();
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(values, i * size, rows.get(i), offset, size);
    }
    return size;
  }

  /** Joins rows to a batch again. */
  MultiDataSet batch(List<float[]> rows) {
    int[] offset = {0};
    return new org.nd4j.linalg.dataset.MultiDataSet(
        gather(features, rows, offset),
        gather(labels, rows, offset),
        gather(featureMasks, rows, offset),
        gather(labelMasks, rows, offset));
  }

  private static INDArray[] gather(List<List<Long>> shapes, List<float[]> rows, int[] offset) {
    if (shapes.isEmpty()) {
      return null; // what Deeplearning4j has for no masks at all
    }
    INDArray[] arrays = new INDArray[shapes.size()];
    Iterator<List<Long>> shape = shapes.iterator();
    for (int i = 0; i < arrays.length; i++) {
      List<Long> each = shape.next();
      if (!each.isEmpty()) {
        arrays[i] = gather(each, rows, offset[0]);
        offset[0] += sizeOf(each);
      }
    }
    return arrays;
  }

  private static INDArray gather(List<Long> shape, List<float[]> rows, int offset) {
    float[] values = new float[rows.size() * sizeOf(shape)];
    copy(rows, offset, sizeOf(shape), values);
    long[] whole = new long[shape.size() + 1];
    whole[0] = rows.size();
    for (int i = 0; i < shape.size(); i++) {
      whole[i + 1] = shape.get(i);
    }
    return Nd4j.create(values, whole, 'c');
  }

  /** Copies a range of each row, one after the other. */
  static void copy(List<float[]> rows, int offset, int size, float[] target) {
    for (int i = 0; i < rows.size(); i++) {
      System.arraycopy(rows.get(i), offset, target, i * size, size);
    }
  }
}
