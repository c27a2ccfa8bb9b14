package io.stoker.worker.eval;

import io.stoker.failure.InputException;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;

/** What a model has made of an image before its last dense layer tells the classes apart. */
public final class LastHiddenLayer {
  private LastHiddenLayer() {}

  /**
   * The number of the layer that takes it in.
   *
   * @throws InputException if the model has no layer before that one
   */
  public static int reader(ModelSpec model) {
    int last = 0;
    for (ModelSpec.Placed placed : model.placed()) {
      if (placed.layer() instanceof LayerSpec.Dense) {
        last = placed.index();
      }
    }
    if (last == 0) {
      throw new InputException(
          "Model %s has no hidden layer in which images could be compared".formatted(model.name()));
    }
    return last;
  }
}
