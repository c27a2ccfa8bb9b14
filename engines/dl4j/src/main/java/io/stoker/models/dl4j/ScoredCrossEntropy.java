// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/**
 * Deeplearning4j's cross-entropy, which also counts the hits that its own score leaves out, and
 * weights the examples.
 */
final class ScoredCrossEntropy extends LossMCXENT {
  private static final long serialVersionUID = 1L;

  private transient double lossSum;
  private transient int correct;

  /** {@code [examples, 1]}. */
  private transient INDArray exampleWeights;

  /** Sets the weights of the next batch, {@code [examples, 1]}. */
  void weightExamples(INDArray weights) {
    exampleWeights = weights;
  }

  /** The sum of the last batch's losses, each times its weight. */
  double lossSum() {
    return lossSum;
  }

  /** The number of examples of the last batch whose own class was the most probable one. */
  int correct() {
    return correct;
  }

  @Override
  protected INDArray scoreArray(
      INDArray labels, INDArray logits, IActivation softmax, INDArray mask) {
    return weighted(super.scoreArray(labels, logits, softmax, mask));
  }

  @Override
  public INDArray computeGradient(
      INDArray labels, INDArray logits, IActivation softmax, INDArray mask) {
    return weighted(super.computeGradient(labels, logits, softmax, mask));
  }

  /** Multiplies each example's row by its weight. */
  private INDArray weighted(INDArray rows) {
    return rows.muliColumnVector(exampleWeights);
  }

  @Override
  public double computeScore(
      INDArray labels, INDArray logits, IActivation softmax, INDArray mask, boolean average) {
    lossSum = super.computeScore(labels, logits, softmax, mask, false);
    INDArray predicted = logits.argMax(1);
    INDArray expected = labels.argMax(1);
    correct = predicted.eq(expected).castTo(labels.dataType()).sumNumber().intValue();
    return average ? lossSum / labels.size(0) : lossSum;
  }
}
