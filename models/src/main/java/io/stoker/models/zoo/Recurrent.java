// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.zoo;

import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec.Dense;
import io.stoker.models.spec.LayerSpec.Lstm;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import java.util.List;

/** Networks that read an image as a sequence; they take images of any shape. */
final class Recurrent {
  private static final Initializer GLOROT = new Initializer.Glorot();

  private Recurrent() {}

  /**
   * An LSTM (Hochreiter and Schmidhuber, 1997) of 128 units that reads a digit row by row, and a
   * softmax on its last hidden state. Le, Jaitly and Hinton, 2015, "A Simple Way to Initialize
   * Recurrent Networks of Rectified Linear Units", section 4.2, read MNIST pixel by pixel with 100
   * units; row by row takes 28 steps in place of 784.
   */
  static ModelSpec rows(Shape input, int classes) {
    return new ModelSpec(
        "row-lstm", input, List.of(new Lstm(128, GLOROT, 1), new Dense(classes, GLOROT, 0)));
  }
}
