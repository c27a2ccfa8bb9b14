// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import io.stoker.models.spec.ModelSpec;
import java.util.Locale;

/** The rules for the arguments of a pass, which are those of {@link Network} in every engine. */
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
   * Checks the number of examples.
   *
   * @throws IllegalArgumentException if it is out of range
   */
  public void examples(int examples) {
    if (examples < 1 || examples > batchCapacity) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Invalid examples: %d (must be between 1 and %d)",
              examples,
              batchCapacity));
    }
  }

  /** Checks the number of examples, and that there are as many images. */
  public void images(float[] images, int examples) {
    examples(examples);
    room("images", images.length, examples, features);
  }

  /** Checks that an array has a value for each class of each example. */
  public void classes(String name, float[] values, int examples) {
    room(name, values.length, examples, classes);
  }

  /** Checks that an array has a value for each value of the input of a layer. */
  public void layer(String name, float[] values, int examples, int layer) {
    room(name, values.length, examples, model.placed().get(layer).input().features());
  }

  /** Checks that an array has as many values for each example. */
  public void room(String name, int length, int examples, int each) {
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
