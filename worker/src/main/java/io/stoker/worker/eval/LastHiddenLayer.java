// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.eval;

import io.stoker.failure.Check;
import io.stoker.models.spec.ModelSpec;

/** The output of a model's last hidden layer: the features by which images are compared. */
public final class LastHiddenLayer {
  private LastHiddenLayer() {}

  /**
   * The number of the layer whose input it is: the last one, which is dense in every model.
   *
   * @throws io.stoker.failure.InputException if the model has only that one layer
   */
  public static int reader(ModelSpec model) {
    int last = model.placed().size() - 1;
    Check.input(
        last > 0, "Model %s has no hidden layer in which images could be compared", model.name());
    return last;
  }
}
