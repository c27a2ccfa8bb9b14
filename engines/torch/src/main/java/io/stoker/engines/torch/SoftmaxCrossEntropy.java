// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ClassWeights;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Softmax and cross-entropy in nats, with the gradient of their weighted mean: {@code w * (p - y) /
 * sum(w)}. It is computed in fp64 where the network is; only the loss and the hits are copied to
 * the host.
 */
final class SoftmaxCrossEntropy {
  private final Place place;
  private final float[] ones;
  private final Tensor hostTargets;
  private final Tensor hostWeights;
  private Tensor gradient;

  SoftmaxCrossEntropy(Place place, int batchCapacity, int classes) {
    this.place = place;
    ones = new float[batchCapacity];
    Arrays.fill(ones, 1);
    hostTargets = place.staging(batchCapacity, classes);
    hostWeights = place.staging(batchCapacity, 1);
  }

  /** The score of the plain mean; see the weighted one. */
  BatchScore score(Tensor logits, float[] targets, int examples) {
    return score(logits, targets, ones, examples);
  }

  /**
   * The score of a batch; computes the gradient of its loss too.
   *
   * @param logits {@code [examples, classes]}
   * @param targets distributions {@code [examples, classes]}
   * @param weights {@code [examples]}. Weights of 1 change no bit: they multiply exactly, and their
   *     sum is the number of examples
   */
  BatchScore score(Tensor logits, float[] targets, float[] weights, int examples) {
    double weightSum = ClassWeights.sum(weights, examples);
    Tensor logProbabilities = torch.log_softmax(logits.to(ScalarType.Double), 1);
    Tensor target = uploadTargets(targets, examples);
    Tensor weight = uploaded(hostWeights, weights, examples).to(ScalarType.Double);
    Tensor exactTarget = target.to(ScalarType.Double);
    gradient =
        logProbabilities
            .exp()
            .sub_(exactTarget)
            .mul_(weight)
            .div_(new Scalar(weightSum))
            .to(logits.scalar_type());
    Tensor loss = exactTarget.mul(logProbabilities).mul_(weight).sum().neg();
    Tensor hits = best(logits).eq(best(target)).sum().to(ScalarType.Double);
    double[] result = place.downloadDoubles(torch.stack(new TensorVector(loss, hits), 0));
    return new BatchScore(
        result[0] * (examples / weightSum), Math.toIntExact(Math.round(result[1])), examples);
  }

  /** The gradient by the logits, of the last {@link #score}. */
  Tensor gradient() {
    return gradient;
  }

  /** The probabilities {@code [examples, classes]}. */
  static Tensor probabilities(Tensor logits) {
    return torch.softmax(logits.to(ScalarType.Double), 1).to(logits.scalar_type());
  }

  /** Copies values {@code [examples, classes]} to where the network is. */
  Tensor uploadTargets(float[] values, int examples) {
    return uploaded(hostTargets, values, examples);
  }

  private static Tensor best(Tensor values) {
    return values.argmax(new LongOptional(1), false);
  }

  private Tensor uploaded(Tensor host, float[] values, int examples) {
    int count = Math.toIntExact(examples * host.size(1));
    new FloatPointer(host.data_ptr()).put(values, 0, count);
    return place.upload(host.narrow(0, 0, examples));
  }
}
