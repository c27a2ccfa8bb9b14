package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.util.ArrayList;
import java.util.List;

/**
 * A model as data: a chain of layers over an image that ends in a dense layer with a unit per
 * class, on which training puts softmax and cross-entropy, and inference softmax.
 *
 * <p>The canonical parameter vector is the layers' tensors one after the other, each row-major, in
 * the order of {@link LayerSpec#parameters}: exactly what Deeplearning4j's {@code params()} gives
 * for the checkpoint of this model.
 *
 * @param name what the model is called in reports
 * @param input the image's shape
 * @param layers the layers, first to last
 */
public record ModelSpec(String name, Shape input, List<LayerSpec> layers) {
  /**
   * A layer at its place in a model.
   *
   * @param index its number, from 0
   * @param layer the layer
   * @param input one example's shape before it
   * @param output one example's shape behind it
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

    /** How many parameters the layer has. */
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

  /** The layers at their places; the shapes and offsets are inferred here and nowhere else. */
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

  /** How many classes the model tells apart. */
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
