// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import java.io.Serializable;
import java.util.Arrays;

/** What a network predicts for some examples, and what they are. */
public final class LabelledProbabilities implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int classes;
  private float[] probabilities;
  private int[] labels;
  private int examples;

  /**
   * Makes room.
   *
   * @param classes how many classes there are
   * @param capacity how many examples are expected
   */
  public LabelledProbabilities(int classes, int capacity) {
    this.classes = classes;
    this.probabilities = new float[Math.multiplyExact(capacity, classes)];
    this.labels = new int[capacity];
  }

  /**
   * Adds a batch.
   *
   * @param batch {@code [examples, classes]}, at the start of the array
   * @param own the class of each example, at the start of the array
   * @param count how many examples there are
   */
  void add(float[] batch, int[] own, int count) {
    if (examples + count > labels.length) {
      labels = Arrays.copyOf(labels, Math.max(2 * labels.length, examples + count));
      probabilities = Arrays.copyOf(probabilities, Math.multiplyExact(labels.length, classes));
    }
    System.arraycopy(batch, 0, probabilities, examples * classes, count * classes);
    System.arraycopy(own, 0, labels, examples, count);
    examples += count;
  }

  /** Counts them, with the probabilities that a temperature makes of theirs. */
  public EvaluationCounts counts(Temperature temperature) {
    float[] changed = Arrays.copyOf(probabilities, examples * classes);
    temperature.apply(changed, examples, classes);
    EvaluationCounts counts = new EvaluationCounts(classes);
    counts.add(changed, labels, examples);
    return counts;
  }

  /**
   * The log loss as a function of the factor by which logits are multiplied, which is 1 divided by
   * the temperature: a logit is the logarithm of the probability, up to a number that all classes
   * share. A probability of 0 counts as the smallest one above 0.
   *
   * @param factor the factor
   * @return over the examples, the sums of the loss, of its derivative by the factor, and of its
   *     second derivative, which is never below 0
   */
  public Sums lossAt(double factor) {
    double loss = 0;
    double slope = 0;
    double curvature = 0;
    double[] logits = new double[classes];
    for (int i = 0; i < examples; i++) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int c = 0; c < classes; c++) {
        float probability = Probabilities.requireNumber(probabilities[i * classes + c], c);
        logits[c] = StrictMath.log(Math.max(probability, Float.MIN_VALUE));
        largest = Math.max(largest, logits[c]);
      }
      double sum = 0;
      double mean = 0;
      double square = 0;
      for (int c = 0; c < classes; c++) {
        double logit = logits[c] - largest;
        double weight = StrictMath.exp(factor * logit);
        sum += weight;
        mean += weight * logit;
        square += weight * logit * logit;
      }
      mean /= sum;
      double own = logits[labels[i]] - largest;
      loss += StrictMath.log(sum) - factor * own;
      slope += mean - own;
      curvature += Math.max(0, square / sum - mean * mean);
    }
    return new Sums(examples, loss, slope, curvature);
  }

  /**
   * Sums over examples.
   *
   * @param examples how many there are
   * @param loss of the cross-entropy, in nats
   * @param slope of its derivative
   * @param curvature of its second derivative
   */
  public record Sums(long examples, double loss, double slope, double curvature)
      implements Serializable {
    /** These and those of other examples. */
    public Sums plus(Sums other) {
      return new Sums(
          examples + other.examples,
          loss + other.loss,
          slope + other.slope,
          curvature + other.curvature);
    }
  }
}
