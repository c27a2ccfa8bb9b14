// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ClassWeights;
import java.util.function.Supplier;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Softmax and cross-entropy in nats, with the gradient of their weighted mean: {@code w * (p - y) /
 * sum(w)}. It is computed in fp64 where the network is; only the loss and the hits are copied to
 * the host.
 */
final class SoftmaxCrossEntropy {
  private final NetworkMemory memory;
  private final int classes;

  /** The targets of all examples, then their weights, then the class of their largest target. */
  private final double[] answers;

  private final Tensor hostAnswers;

  /** The sum of the losses, and the hits. */
  private final Tensor scores;

  private final Tensor hostScores;
  private final Mark scored;

  private Tensor gradient;

  SoftmaxCrossEntropy(NetworkMemory memory, int batchCapacity, int classes) {
    this.memory = memory;
    this.classes = classes;
    answers = new double[Math.multiplyExact(batchCapacity, classes + 2)];
    hostAnswers = memory.staging(ScalarType.Double, answers.length);
    scores = memory.empty(ScalarType.Double, 2);
    hostScores = memory.staging(ScalarType.Double, 2);
    scored = memory.mark();
  }

  /**
   * Queues the score of a batch and the gradient of its loss.
   *
   * @param logits {@code [examples, classes]}
   * @param targets distributions {@code [examples, classes]}
   * @param weights {@code [examples]}. Weights of 1 change no bit: they multiply exactly, and their
   *     sum is the number of examples
   * @return waits for the score, and for nothing that was queued after it; to be called once,
   *     before the next batch
   */
  Supplier<BatchScore> score(Tensor logits, float[] targets, float[] weights, int examples) {
    double weightSum = ClassWeights.sum(weights, examples);
    Tensor answer = upload(targets, weights, examples);
    Tensor target = answer.narrow(0, 0, (long) examples * classes).view(examples, classes);
    Tensor weight = answer.narrow(0, (long) examples * classes, examples).view(examples, 1);
    Tensor label = answer.narrow(0, (long) examples * (classes + 1), examples);
    Tensor logProbabilities = torch.log_softmax(logits.to(ScalarType.Double), 1);
    Tensor byLogits = logProbabilities.exp().sub_(target);
    Tensor losses = logProbabilities.mul_(target);
    if (isWeighted(weights, examples)) {
      byLogits.mul_(weight);
      losses.mul_(weight);
    }
    gradient = byLogits.div_(new Scalar(weightSum)).to(logits.scalar_type());
    torch.sum_out(scores.select(0, 0), losses, 0, 1);
    Tensor hits = logits.argmax(new LongOptional(1), false).eq(label);
    torch.sum_out(scores.select(0, 1), hits, 0);
    hostScores.copy_(scores, true);
    scored.set();
    return () -> {
      scored.await();
      DoublePointer values = new DoublePointer(hostScores.data_ptr());
      return new BatchScore(
          -values.get(0) * (examples / weightSum),
          Math.toIntExact(Math.round(values.get(1))),
          examples);
    };
  }

  private static boolean isWeighted(float[] weights, int examples) {
    for (int example = 0; example < examples; example++) {
      if (weights[example] != 1) {
        return true;
      }
    }
    return false;
  }

  /**
   * Copies what is known of a batch to where the network is, in one copy. The memory that it is
   * copied from is free again when the score of the batch before is known.
   */
  private Tensor upload(float[] targets, float[] weights, int examples) {
    int firstWeight = examples * classes;
    int firstLabel = firstWeight + examples;
    for (int example = 0; example < examples; example++) {
      int first = example * classes;
      int largest = 0;
      for (int i = 0; i < classes; i++) {
        answers[first + i] = targets[first + i];
        largest = targets[first + i] > targets[first + largest] ? i : largest;
      }
      answers[firstWeight + example] = weights[example];
      answers[firstLabel + example] = largest;
    }
    int count = firstLabel + examples;
    new DoublePointer(hostAnswers.data_ptr()).put(answers, 0, count);
    return memory.upload(hostAnswers.narrow(0, 0, count));
  }

  /** The gradient by the logits, of the last {@link #score}. */
  Tensor gradient() {
    return gradient;
  }

  /** The probabilities {@code [examples, classes]}. */
  static Tensor probabilities(Tensor logits) {
    return torch.softmax(logits.to(ScalarType.Double), 1).to(logits.scalar_type());
  }
}
