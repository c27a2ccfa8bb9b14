package io.stoker.models.dl4j;

import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** Deeplearning4j's cross-entropy, which also counts the hits that its own score leaves out. */
final class ScoredCrossEntropy extends LossMCXENT {
  private static final long serialVersionUID = 1L;

  private transient double lossSum;
  private transient int correct;

  /** The sum of the last batch's losses. */
  double lossSum() {
    return lossSum;
  }

  /** How many examples of the last batch had their own class as the most probable one. */
  int correct() {
    return correct;
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
