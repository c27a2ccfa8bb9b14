// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ModelSpec;
import java.util.Locale;

/**
 * Checks the arguments of a pass, by the rules of {@link Network}, in the same way in each engine.
 */
public final class BatchCheck {
  private final ModelSpec model;
  private final int batchCapacity;
  private final int features;
  private final int classes;

  /**
   * @param model the network's model
   * @param batchCapacity the largest number of examples of one call
   */
  public BatchCheck(ModelSpec model, int batchCapacity) {
    this.model = model;
    this.batchCapacity = batchCapacity;
    features = model.input().features();
    classes = model.classes();
  }

  /**
   * Checks the arguments of a step: {@link Network#computeGradients(float[], float[], float[], int,
   * long)}.
   *
   * @return the sum of the weights
   * @throws IllegalArgumentException if examples is out of range, an array too short, or a weight
   *     invalid
   */
  public double step(float[] images, float[] targets, float[] weights, int examples) {
    images(images, examples);
    classes("targets", targets, examples);
    return ClassWeights.sum(weights, examples);
  }

  /** Checks the arguments of a step whose images are normalised where the network computes. */
  public double step(ByteImages images, float[] targets, float[] weights, int examples) {
    examples(examples);
    images.check(model.input(), examples);
    classes("targets", targets, examples);
    return ClassWeights.sum(weights, examples);
  }

  /** Checks the arguments of {@link Network#predict}. */
  public void prediction(float[] images, int examples, float[] probabilities) {
    images(images, examples);
    classes("probabilities", probabilities, examples);
  }

  /** Checks the arguments of {@link Network#activations}. */
  public void activations(float[] images, int examples, int layer, float[] activations) {
    images(images, examples);
    layer("activations", activations, examples, layer);
  }

  /** Checks the arguments of {@link Network#inspect}. */
  public void inspection(
      float[] images,
      int examples,
      int[] labels,
      int layer,
      float[] activations,
      float[] gradients) {
    activations(images, examples, layer, activations);
    room("labels", labels.length, examples, 1);
    layer("gradients", gradients, examples, layer);
  }

  private void examples(int examples) {
    if (examples < 1 || examples > batchCapacity) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Invalid examples: %d (must be between 1 and %d)",
              examples,
              batchCapacity));
    }
  }

  private void images(float[] images, int examples) {
    examples(examples);
    room("images", images.length, examples, features);
  }

  private void classes(String name, float[] values, int examples) {
    room(name, values.length, examples, classes);
  }

  private void layer(String name, float[] values, int examples, int layer) {
    room(name, values.length, examples, model.placed().get(layer).input().features());
  }

  private static void room(String name, int length, int examples, int each) {
    if (length < (long) examples * each) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Invalid %s: %d values (%d examples have %d)",
              name,
              length,
              examples,
              (long) examples * each));
    }
  }
}
