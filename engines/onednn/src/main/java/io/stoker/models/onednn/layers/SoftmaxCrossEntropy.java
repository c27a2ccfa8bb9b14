// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ClassWeights;
import java.nio.FloatBuffer;

/**
 * Softmax and cross-entropy in nats, with the gradient of their weighted mean: {@code w * (p - y) /
 * sum(w)}.
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
   * The score of a batch, and the gradient of its loss.
   *
   * @param source logits {@code [examples, classes]}
   * @param targets distributions {@code [examples, classes]}
   * @param weights {@code [examples]}. Weights of 1 change no bit: they multiply exactly, and their
   *     sum is the number of examples
   * @param gradient receives {@code [examples, classes]}
   */
  BatchScore score(FloatBuffer source, float[] targets, float[] weights, FloatBuffer gradient) {
    double weightSum = ClassWeights.sum(weights, examples);
    source.get(0, logits);
    double lossSum = 0;
    int correct = 0;
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      double weight = weights[example];
      int best = largest(logits, first);
      double sum = exponentials(first, logits[first + best]);
      double logSum = StrictMath.log(sum) + logits[first + best];
      correct += best == largest(targets, first) ? 1 : 0;
      for (int i = 0; i < classes; i++) {
        float target = targets[first + i];
        lossSum += weight * (target * (logSum - logits[first + i]));
        logits[first + i] = (float) (weight * (exponentials[i] / sum - target) / weightSum);
      }
    }
    gradient.put(0, logits);
    return new BatchScore(lossSum * (examples / weightSum), correct, examples);
  }

  /**
   * The probabilities of a batch.
   *
   * @param source logits {@code [examples, classes]}
   * @param probabilities receives {@code [examples, classes]}
   */
  void probabilities(FloatBuffer source, float[] probabilities) {
    source.get(0, logits);
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      double sum = exponentials(first, logits[first + largest(logits, first)]);
      for (int i = 0; i < classes; i++) {
        probabilities[first + i] = (float) (exponentials[i] / sum);
      }
    }
  }

  /** The class with an example's largest value. */
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
