// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Targets;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Softmax, cross-entropy and their gradient, compared with stock Deeplearning4j. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class LossBenchmark {
  private static final int EXAMPLES = 64;

  /** MNIST's and ImageNet's. */
  @Param({"10", "1000"})
  public int classes;

  private final IActivation softmax = new ActivationSoftmax();
  private final LossMCXENT stockLoss = new LossMCXENT();
  private SoftmaxCrossEntropy loss;
  private FloatBuffer logits;
  private FloatBuffer gradient;
  private float[] targets;
  private float[] weights;
  private INDArray stockLogits;
  private INDArray stockTargets;

  /** Makes logits and targets. */
  @Setup
  public void make() {
    stockLogits = Nd4j.randn(DataType.FLOAT, EXAMPLES, classes);
    loss = new SoftmaxCrossEntropy(EXAMPLES, classes);
    logits = FloatBuffer.wrap(stockLogits.data().asFloat());
    gradient = FloatBuffer.allocate(EXAMPLES * classes);
    weights = new float[EXAMPLES];
    Arrays.fill(weights, 1);
    targets = new float[EXAMPLES * classes];
    Targets.fill(new int[EXAMPLES], EXAMPLES, classes, 0, targets);
    stockTargets = Nd4j.createFromArray(targets).reshape(EXAMPLES, classes);
  }

  /** Ours. */
  @Benchmark
  public BatchScore score() {
    return loss.score(logits, targets, weights, gradient);
  }

  /** Deeplearning4j's, which computes the softmax once for the score and once for the gradient. */
  @Benchmark
  public Object stockScore() {
    double score = stockLoss.computeScore(stockTargets, stockLogits.dup(), softmax, null, true);
    INDArray derived = stockLoss.computeGradient(stockTargets, stockLogits.dup(), softmax, null);
    return derived.add(score);
  }
}
