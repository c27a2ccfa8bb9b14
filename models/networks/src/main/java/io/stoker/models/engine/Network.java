// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.failure.InputException;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.Arrays;

/**
 * A trainable network in memory, with the operations that the training loop needs.
 *
 * <p>Images are fp32 {@code [examples, channels, height, width]}, already normalised. Gradients are
 * a flat vector as the parameters are, of {@link ModelSpec#parameterCount()} values. A network
 * allocates its memory when it is created and reuses it in every call. One thread at a time may use
 * a network; its owner closes it.
 *
 * <p>Results depend on the arguments and on {@link Engine#threads()}, never on time, thread or
 * earlier calls.
 */
public interface Network extends ParameterVectors, AutoCloseable {
  /** The model that this network computes. */
  ModelSpec model();

  /** The largest number of examples of one call. */
  int batchCapacity();

  /**
   * Runs forward and backward in training mode (dropout on, normalization by the batch's own
   * statistics) and leaves the gradient of the weighted mean of the cross-entropy loss, {@code
   * sum(w[i] * loss[i]) / sum(w)}, for {@link #update} and {@link #readGradients}. The gradient of
   * a running statistic is the value that {@link #update} subtracts from it.
   *
   * <p>This is PyTorch's {@code CrossEntropyLoss(weight=...)} with its default reduction: the
   * gradient of example i counts {@code w[i]} times. A weight of 2 is the same as the example
   * twice, only the factor between weights matters, and equal weights give the plain mean. Batch
   * normalization counts each example once.
   *
   * <p>Averaging weights the workers by their examples and not by their sums of weights. Where
   * these sums differ, the average of the workers is therefore not exactly the step of one large
   * weighted batch, in which each example would count by its weight among all.
   *
   * @param images {@code [examples, channels, height, width]}, at the start of the array
   * @param targets {@code [examples, classes]}, each example's distribution over the classes; see
   *     {@link Targets}
   * @param weights {@code [examples]}, each at least 0 and one above 0; see {@link ClassWeights}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param dropoutSeed decides which units are dropped
   * @return the weighted loss and the hits of these examples, before the update
   * @throws IllegalArgumentException if examples is out of range, an array too short, or a weight
   *     invalid
   */
  BatchScore computeGradients(
      float[] images, float[] targets, float[] weights, int examples, long dropoutSeed);

  /**
   * Computes gradients as {@link #computeGradients(float[], float[], float[], int, long)} does,
   * with a weight of 1 for each example.
   */
  default BatchScore computeGradients(
      float[] images, float[] targets, int examples, long dropoutSeed) {
    float[] weights = new float[batchCapacity()];
    Arrays.fill(weights, 1);
    return computeGradients(images, targets, weights, examples, dropoutSeed);
  }

  /**
   * Computes gradients as {@link #computeGradients(float[], float[], float[], int, long)} does, of
   * images that are normalised where the network computes. The result is that of the normalised
   * images, bit for bit.
   *
   * @param images the images
   * @param targets {@code [examples, classes]}; see {@link Targets}
   * @param weights {@code [examples]}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param dropoutSeed decides which units are dropped
   * @return the weighted loss and the hits of these examples, before the update
   * @throws IllegalArgumentException if examples is out of range, an array too short, or a weight
   *     invalid
   */
  default BatchScore computeGradients(
      ByteImages images, float[] targets, float[] weights, int examples, long dropoutSeed) {
    return computeGradients(
        images.normalized(model().input(), examples), targets, weights, examples, dropoutSeed);
  }

  /**
   * One step of stochastic gradient descent with classical (heavy-ball) momentum and
   * decoupled-from-loss L2 weight decay on weights only, as in Krizhevsky et al., 2012, section 5:
   * {@code v = momentum * v - rate * (gradient + decay * w)}, {@code w = w + v}. The rate is each
   * tensor's own, see {@link RateMultipliers}; the gradient is clipped first. With momentum 0 the
   * updater state is neither read nor written. With {@link StepSettings#adam} it is a step of
   * AdamW.
   */
  void update(StepSettings settings);

  /**
   * Computes class probabilities in inference mode (dropout off).
   *
   * @param images {@code [examples, channels, height, width]}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param probabilities receives {@code [examples, classes]}
   */
  void predict(float[] images, int examples, float[] probabilities);

  /**
   * Computes, in inference mode, the input of a layer and the derivative of a class's score (the
   * value of its unit, before softmax) by that input. The input of layer 0 is the images. The
   * gradients for {@link #update} are undefined afterwards.
   *
   * @param images {@code [examples, channels, height, width]}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param labels for each example, the class whose score is derived
   * @param layer the number of the layer, from 0
   * @param activations receives the layer's input, {@code [examples, channels, height, width]}
   * @param gradients receives the derivative of the score by each of these values, in the same
   *     shape
   * @throws io.stoker.failure.InputException if this engine cannot do this, or not for this model
   */
  default void inspect(
      float[] images,
      int examples,
      int[] labels,
      int layer,
      float[] activations,
      float[] gradients) {
    throw new InputException(
        "This engine cannot look into a network: choose another with --engine");
  }

  /**
   * Times the layers from now on, in calls with a full batch: those of the chain, and, where the
   * engine can, those inside of blocks.
   *
   * @return the times, to which each of these calls adds
   * @throws io.stoker.failure.InputException if this engine cannot do this
   */
  default LayerTimes timeLayers() {
    throw new InputException("This engine cannot time layers: choose another with --engine");
  }

  /**
   * Computes the input of a layer in inference mode. The input of layer 0 is the images.
   *
   * @param images {@code [examples, channels, height, width]}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param layer the number of the layer, from 0
   * @param activations receives the layer's input, {@code [examples, channels, height, width]}
   * @throws io.stoker.failure.InputException if this engine cannot do this
   */
  default void activations(float[] images, int examples, int layer, float[] activations) {
    throw new InputException(
        "This engine cannot look into a network: choose another with --engine");
  }

  /**
   * Predicts, and shows an observer the inputs of the layers that can be computed in int8.
   *
   * @param images {@code [examples, channels, height, width]}
   * @param examples the number of examples, 1 to {@link #batchCapacity()}
   * @param observer sees them
   * @throws io.stoker.failure.InputException if this engine cannot do this
   */
  default void observeInputs(float[] images, int examples, InputObserver observer) {
    throw new InputException(
        "This engine cannot look into a network: choose another with --engine");
  }

  /**
   * Copies gradients {@code [offset, offset + target.remaining())} of the last {@link
   * #computeGradients} into target.
   */
  void readGradients(long offset, FloatBuffer target);

  /** Releases the network's memory. */
  @Override
  void close();
}
