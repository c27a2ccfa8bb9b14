package io.stoker.models.onednn;

import io.stoker.models.engine.BatchScore;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * Softmax and cross-entropy in nats, with the gradient of their mean: {@code (p - y) / examples}.
 */
final class SoftmaxCrossEntropy {
  private final int classes;
  private final float[] logits;
  private final double[] exponentials;

  SoftmaxCrossEntropy(int batchCapacity, int classes) {
    this.classes = classes;
    logits = new float[batchCapacity * classes];
    exponentials = new double[classes];
  }

  /**
   * @param source logits {@code [batch, classes]}
   * @param labels each example's class
   * @param examples how many of the batch count
   * @param gradient receives {@code [batch, classes]}, zero for the rest of the batch
   */
  BatchScore score(FloatBuffer source, int[] labels, int examples, FloatBuffer gradient) {
    if (labels.length < examples) {
      throw new IllegalArgumentException(
          "Invalid labels: %d (there are %d examples)".formatted(labels.length, examples));
    }
    source.get(logits);
    double lossSum = 0;
    int correct = 0;
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      int label = labels[example];
      if (label < 0 || label >= classes) {
        throw new IllegalArgumentException(
            "Invalid label: %d (must be between 0 and %d)".formatted(label, classes - 1));
      }
      int best = best(first);
      double sum = exponentials(first, logits[first + best]);
      lossSum += StrictMath.log(sum) - (logits[first + label] - (double) logits[first + best]);
      correct += best == label ? 1 : 0;
      for (int i = 0; i < classes; i++) {
        double probability = exponentials[i] / sum;
        logits[first + i] = (float) ((i == label ? probability - 1 : probability) / examples);
      }
    }
    Arrays.fill(logits, examples * classes, logits.length, 0);
    gradient.put(logits);
    return new BatchScore(lossSum, correct, examples);
  }

  /**
   * @param source logits {@code [batch, classes]}
   * @param examples how many of the batch count
   * @param probabilities receives {@code [examples, classes]}
   */
  void probabilities(FloatBuffer source, int examples, float[] probabilities) {
    source.get(logits);
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      double sum = exponentials(first, logits[first + best(first)]);
      for (int i = 0; i < classes; i++) {
        probabilities[first + i] = (float) (exponentials[i] / sum);
      }
    }
  }

  private int best(int first) {
    int best = 0;
    for (int i = 1; i < classes; i++) {
      best = logits[first + i] > logits[first + best] ? i : best;
    }
    return best;
  }

  /**
   * Fills {@link #exponentials} and returns their sum. StrictMath, so that every JVM gives the same
   * bits.
   */
  private double exponentials(int first, float largest) {
    double sum = 0;
    for (int i = 0; i < classes; i++) {
      exponentials[i] = StrictMath.exp(logits[first + i] - (double) largest);
      sum += exponentials[i];
    }
    return sum;
  }
}
