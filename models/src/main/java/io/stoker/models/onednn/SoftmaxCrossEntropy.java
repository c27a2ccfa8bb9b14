package io.stoker.models.onednn;

import io.stoker.models.engine.BatchScore;
import java.nio.FloatBuffer;

/**
 * Softmax and cross-entropy in nats, with the gradient of their mean: {@code (p - y) / examples}.
 */
final class SoftmaxCrossEntropy {
  private final int examples;
  private final int classes;
  private final float[] logits;
  private final double[] exponentials;

  SoftmaxCrossEntropy(int examples, int classes) {
    this.examples = examples;
    this.classes = classes;
    logits = new float[examples * classes];
    exponentials = new double[classes];
  }

  /**
   * @param source logits {@code [examples, classes]}
   * @param targets distributions {@code [examples, classes]}
   * @param gradient receives {@code [examples, classes]}
   */
  BatchScore score(FloatBuffer source, float[] targets, FloatBuffer gradient) {
    source.get(logits);
    double lossSum = 0;
    int correct = 0;
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      int best = largest(logits, first);
      double sum = exponentials(first, logits[first + best]);
      double logSum = StrictMath.log(sum) + logits[first + best];
      correct += best == largest(targets, first) ? 1 : 0;
      for (int i = 0; i < classes; i++) {
        float target = targets[first + i];
        lossSum += target * (logSum - logits[first + i]);
        logits[first + i] = (float) ((exponentials[i] / sum - target) / examples);
      }
    }
    gradient.put(logits);
    return new BatchScore(lossSum, correct, examples);
  }

  /**
   * @param source logits {@code [examples, classes]}
   * @param probabilities receives {@code [examples, classes]}
   */
  void probabilities(FloatBuffer source, float[] probabilities) {
    source.get(logits);
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      double sum = exponentials(first, logits[first + largest(logits, first)]);
      for (int i = 0; i < classes; i++) {
        probabilities[first + i] = (float) (exponentials[i] / sum);
      }
    }
  }

  /** The class with the largest value of an example's. */
  private int largest(float[] values, int first) {
    int largest = 0;
    for (int i = 1; i < classes; i++) {
      largest = values[first + i] > values[first + largest] ? i : largest;
    }
    return largest;
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
