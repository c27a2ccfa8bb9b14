// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A model as data: a chain of layers over an image. The last layer is dense, with a unit per class;
 * training adds softmax and cross-entropy to it, and inference softmax.
 *
 * <p>The canonical parameter vector holds the layers' tensors one after the other, each row-major,
 * in the order of {@link LayerSpec#parameters}. Deeplearning4j's {@code params()} returns exactly
 * this vector for a checkpoint of the model.
 *
 * <p>A model travels to executors as it is: Java serialization of a record calls its constructor,
 * which checks the values again.
 *
 * @param name the model's name in reports
 * @param input the shape of an image
 * @param layers the layers, first to last
 */
public record ModelSpec(String name, Shape input, List<LayerSpec> layers) implements Serializable {
  /**
   * A layer at its place in a model.
   *
   * @param index its number, from 0
   * @param layer the layer
   * @param input the shape of one example before the layer
   * @param output the shape of one example after the layer
   * @param parameterOffset where its parameters begin in the canonical vector
   * @param parameters its tensors in canonical order
   */
  public record Placed(
      int index,
      LayerSpec layer,
      Shape input,
      Shape output,
      long parameterOffset,
      List<ParameterSpec> parameters) {
    public Placed {
      parameters = List.copyOf(parameters);
    }

    /** The number of parameters of the layer. */
    public long parameterCount() {
      return parameters.stream().mapToLong(ParameterSpec::size).sum();
    }

    /** Forward floating-point operations for one example. */
    public long flops() {
      return layer.flops(input);
    }
  }

  public ModelSpec {
    layers = List.copyOf(layers);
    Check.input(!name.isBlank(), "Invalid model name: '%s' (must not be blank)", name);
    Check.input(
        !layers.isEmpty() && layers.get(layers.size() - 1) instanceof LayerSpec.Dense,
        "Invalid model %s: the last layer must be dense, with a unit per class",
        name);
    Check.input(
        ((LayerSpec.Dense) layers.get(layers.size() - 1)).units() >= 2,
        "Invalid model %s: it needs at least 2 classes",
        name);
    place(input, layers);
  }

  /** The layers at their places. Only this method infers shapes and offsets. */
  public List<Placed> placed() {
    return place(input, layers);
  }

  private static List<Placed> place(Shape input, List<LayerSpec> layers) {
    List<Placed> placed = new ArrayList<>();
    Shape shape = input;
    long offset = 0;
    for (LayerSpec layer : layers) {
      Placed here =
          new Placed(
              placed.size(),
              layer,
              shape,
              layer.outputShape(shape),
              offset,
              layer.parameters(shape));
      placed.add(here);
      shape = here.output();
      offset = Math.addExact(offset, here.parameterCount());
    }
    return List.copyOf(placed);
  }

  /** The number of classes. */
  public int classes() {
    return ((LayerSpec.Dense) layers.get(layers.size() - 1)).units();
  }

  /** The length of the canonical parameter vector. */
  public long parameterCount() {
    return placed().stream().mapToLong(Placed::parameterCount).sum();
  }

  /**
   * Forward floating-point operations for one example; training takes about three times as many.
   */
  public long flops() {
    return placed().stream().mapToLong(Placed::flops).sum();
  }
}
