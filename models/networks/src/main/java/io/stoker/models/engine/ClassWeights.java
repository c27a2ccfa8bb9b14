// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;

/**
 * How much the examples of each class count in the loss; see {@link
 * Network#computeGradients(float[], float[], float[], int, long)}. Larger weights make a network
 * attend to classes that have few examples.
 *
 * <p>An example has the weight of its class, and an example that is mixed of two has the two
 * classes' weights, each by its share. The weight multiplies the whole loss of the example: a
 * weight of 2 is the same as the example twice. Without label smoothing and mixing, this is
 * PyTorch's {@code CrossEntropyLoss(weight=...)}; with them, PyTorch weights each class's term of
 * the target instead.
 *
 * @param values the weight of each class, in label order; above 0
 */
public record ClassWeights(List<Float> values) implements Serializable {
  public ClassWeights {
    values = List.copyOf(values);
    for (int label = 0; label < values.size(); label++) {
      float weight = values.get(label);
      Check.input(
          weight > 0 && Float.isFinite(weight),
          "Invalid weight of class %d: %s (must be a number > 0)",
          label,
          weight);
    }
  }

  /**
   * Weights with which each class counts the same in total: {@code examples / (classes * examples
   * of the class)}, as {@code class_weight="balanced"} of scikit-learn. The mean weight of an
   * example is 1. Classes without examples are not counted and have a weight of 1.
   *
   * @param counts the number of training examples of each class, in label order
   */
  public static ClassWeights balanced(long[] counts) {
    double examples = LongStream.of(counts).sum();
    long classes = LongStream.of(counts).filter(count -> count > 0).count();
    return new ClassWeights(
        Arrays.stream(counts)
            .mapToObj(count -> count == 0 ? 1f : (float) (examples / ((double) classes * count)))
            .toList());
  }

  /**
   * Writes the weights of a batch.
   *
   * @param labels the class of each example, at the start of the array
   * @param others the class of the image that the example is mixed with
   * @param shares the share of the example's own class, 0 to 1; the other class has the rest
   * @param examples the number of examples
   * @param weights receives {@code [examples]}
   * @throws IndexOutOfBoundsException if a label is not a class
   */
  public void fill(int[] labels, int[] others, float[] shares, int examples, float[] weights) {
    for (int example = 0; example < examples; example++) {
      float share = shares[example];
      weights[example] =
          share * values.get(labels[example]) + (1 - share) * values.get(others[example]);
    }
  }

  /**
   * The sum of a batch's weights.
   *
   * @param weights the weight of each example, at the start of the array
   * @param examples the number of examples
   * @throws IllegalArgumentException if the array is too short, a weight is negative or not finite,
   *     or all are 0
   */
  public static double sum(float[] weights, int examples) {
    if (weights.length < examples) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT, "Invalid weights: %d values for %d examples", weights.length, examples));
    }
    double sum = 0;
    for (int example = 0; example < examples; example++) {
      float weight = weights[example];
      if (!(weight >= 0 && Float.isFinite(weight))) {
        throw new IllegalArgumentException(
            String.format(
                Locale.ROOT, "Invalid weight of example %d: %s (must be >= 0)", example, weight));
      }
      sum += weight;
    }
    if (sum == 0) {
      throw new IllegalArgumentException("Invalid weights: all are 0");
    }
    return sum;
  }
}
