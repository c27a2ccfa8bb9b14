// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.Serializable;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A model as data: a tree of layers over an image. At its top it is a chain, of plain layers and of
 * layers that consist of layers: blocks with a shortcut, and branches. The last layer is dense,
 * with a unit per class, or a global average, of a channel per class; training adds softmax and
 * cross-entropy to it, and inference softmax.
 *
 * <p>The canonical parameter vector holds the layers' tensors one after the other, each row-major,
 * in the order of {@link LayerSpec#parameters}: depth-first, as the data flows. Of a residual block
 * come the tensors of its body, then of its shortcut, then of what follows the sum; of branches,
 * those of the first branch first. Deeplearning4j's {@code params()} returns exactly this vector
 * for a checkpoint of the model.
 *
 * <p>A model travels to executors as it is: Java serialization of a record calls its constructor,
 * which checks the values again.
 *
 * @param name the model's name in reports
 * @param input the shape of an image
 * @param layers the layers at the top of the tree, first to last
 */
public record ModelSpec(String name, Shape input, List<LayerSpec> layers) implements Serializable {
  /**
   * A layer at its place in a model.
   *
   * @param index its number in {@link ModelSpec#placed}, from 0. The layers inside of others have
   *     the numbers after those of the chain, so that each number of a model stands for one layer
   * @param path its number for users, from 1: {@code 5} in the chain, {@code 5.2} for the second
   *     layer inside of the fifth. A sequence takes no number, as its layers are counted
   * @param layer the layer
   * @param input the shape of one example before the layer
   * @param output the shape of one example after the layer
   * @param parameterOffset where its parameters begin in the canonical vector
   * @param parameters its tensors in canonical order, those of its inner layers included
   * @param inner its {@link LayerSpec#parts} at their places
   */
  public record Placed(
      int index,
      String path,
      LayerSpec layer,
      Shape input,
      Shape output,
      long parameterOffset,
      List<ParameterSpec> parameters,
      List<Placed> inner) {
    public Placed {
      parameters = List.copyOf(parameters);
      inner = List.copyOf(inner);
    }

    /** The number of parameters of the layer. */
    public long parameterCount() {
      return parameters.stream().mapToLong(ParameterSpec::size).sum();
    }

    /** The number of parameters that training learns: all but the running statistics. */
    public long learnedCount() {
      return parameters.stream()
          .filter(tensor -> tensor.role() != ParameterSpec.Role.STATISTIC)
          .mapToLong(ParameterSpec::size)
          .sum();
    }

    /** Forward floating-point operations for one example. */
    public long flops() {
      return layer.flops(input);
    }

    /** The plain layers of which this one consists, in the order of their parameters. */
    public Stream<Placed> leaves() {
      return isSequence() || !inner.isEmpty()
          ? inner.stream().flatMap(Placed::leaves)
          : Stream.of(this);
    }

    /** The layers that are counted: of a sequence those inside of it, else this one. */
    Stream<Placed> counted() {
      return isSequence() ? inner.stream().flatMap(Placed::counted) : Stream.of(this);
    }

    private boolean isSequence() {
      return layer instanceof CompositeSpec.Sequence;
    }
  }

  public ModelSpec {
    layers = List.copyOf(layers);
    Check.input(!name.isBlank(), "Invalid model name: '%s' (must not be blank)", name);
    Composites.checkInner(layers);
    checkDepth(name, layers, 0);
    List<Placed> chain = placedChain(layers, input);
    Check.input(
        !chain.isEmpty() && givesScores(chain.get(chain.size() - 1).layer()),
        "Invalid model %s: the last layer must be dense, with a unit per class, or a global average"
            + " pool over a channel per class",
        name);
    Check.input(
        chain.get(chain.size() - 1).output().channels() >= 2,
        "Invalid model %s: it needs at least 2 classes",
        name);
    Whitening.check(name, chain);
    Set<String> names = new HashSet<>();
    allNames(layers)
        .forEach(each -> Check.input(names.add(each), "Two layers with the name '%s'", each));
  }

  private static List<Placed> placedChain(List<LayerSpec> layers, Shape input) {
    try {
      return chain(new Placement(layers).top(input));
    } catch (InputException e) {
      String place =
          misfit(layers, input, new Numbers("")).map(path -> "layer " + path + ": ").orElse("");
      throw new InputException(place + e.getMessage(), e);
    }
  }

  /** The number of the innermost layer that does not fit its input. */
  private static Optional<String> misfit(List<LayerSpec> layers, Shape input, Numbers numbers) {
    Shape shape = input;
    for (LayerSpec layer : layers) {
      Optional<String> found;
      if (layer instanceof CompositeSpec.Sequence sequence) {
        found = misfit(sequence.layers(), shape, numbers);
      } else {
        String path = numbers.next();
        found = fits(layer, shape) ? Optional.empty() : misfitInside(layer, shape, path);
      }
      if (found.isPresent()) {
        return found;
      }
      shape = layer.outputShape(shape);
    }
    return Optional.empty();
  }

  private static boolean fits(LayerSpec layer, Shape input) {
    try {
      layer.outputShape(input);
      return true;
    } catch (InputException e) {
      return false;
    }
  }

  /** Of a layer that does not fit, the layer inside of it that does not, else its own number. */
  private static Optional<String> misfitInside(LayerSpec layer, Shape input, String path) {
    Numbers inside = new Numbers(path + ".");
    Shape shape = input;
    for (LayerSpec child : layer.children()) {
      if (layer instanceof CompositeSpec.Residual block && child == block.after()) {
        shape = block.body().outputShape(input);
        if (!shape.equals(block.shortcut().outputShape(input))) {
          break; // The sum is what does not fit.
        }
      }
      Optional<String> found = misfit(List.of(child), shape, inside);
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.of(path);
  }

  private static boolean givesScores(LayerSpec last) {
    return last instanceof LayerSpec.Dense || last instanceof LayerSpec.GlobalAveragePooling;
  }

  private static void checkDepth(String name, List<LayerSpec> layers, int depth) {
    Check.input(
        depth <= Composites.MAXIMUM_DEPTH,
        "Invalid model %s: its layers lie in each other deeper than %d",
        name,
        Composites.MAXIMUM_DEPTH);
    layers.forEach(layer -> checkDepth(name, layer.children(), depth + 1));
  }

  private static Stream<String> allNames(List<LayerSpec> layers) {
    return layers.stream()
        .flatMap(layer -> Stream.concat(Stream.of(layer.name()), allNames(layer.children())))
        .filter(each -> !each.isEmpty());
  }

  /**
   * The chain of layers at their places. A sequence in it is dissolved: its layers are in the
   * chain.
   */
  public List<Placed> placed() {
    return chain(tree());
  }

  /** The {@link #layers} at their places, sequences included. */
  public List<Placed> tree() {
    return new Placement(layers).top(input);
  }

  /** The plain layers of the whole tree, in the order of their parameters. */
  public List<Placed> leaves() {
    return tree().stream().flatMap(Placed::leaves).toList();
  }

  /**
   * This model over square images of another size, with the same parameters.
   *
   * @param size the height and width of an image
   * @throws InputException if a layer cannot take such images, or would have other parameters
   */
  public ModelSpec atSize(int size) {
    ModelSpec other = resized(size);
    List<Placed> there = other.leaves();
    for (Placed layer : leaves()) {
      Check.input(
          layer.parameters().equals(there.get(0).parameters()),
          "Invalid size: %d (layer %s of model %s, %s, has other weights for it than for images of"
              + " %s; a global-average-pool before it makes a model for several sizes)",
          size,
          layer.path(),
          name,
          layer.layer().label(),
          input);
      there = there.subList(1, there.size());
    }
    return other;
  }

  private ModelSpec resized(int size) {
    try {
      return new ModelSpec(name, new Shape(size, size, input.channels()), layers);
    } catch (InputException e) {
      throw new InputException(
          String.format(
              Locale.ROOT,
              "Invalid size: %d (model %s does not take it: %s)",
              size,
              name,
              e.getMessage()),
          e);
    }
  }

  private static List<Placed> chain(List<Placed> tree) {
    return tree.stream().flatMap(Placed::counted).toList();
  }

  /** Only this class infers shapes, offsets and numbers. */
  private static final class Placement {
    private final List<LayerSpec> layers;
    private long offset;
    private int nextInChain;
    private int nextInside;

    Placement(List<LayerSpec> layers) {
      this.layers = layers;
      nextInside = chainLength(layers);
    }

    private static int chainLength(List<LayerSpec> layers) {
      return layers.stream()
          .mapToInt(
              layer ->
                  layer instanceof CompositeSpec.Sequence inner ? chainLength(inner.layers()) : 1)
          .sum();
    }

    List<Placed> top(Shape input) {
      Numbers chain = new Numbers("");
      return new CompositeSpec.Sequence("", layers)
          .parts(input).stream().map(part -> place(part, chain)).toList();
    }

    private Placed place(LayerSpec.Part part, Numbers numbers) {
      LayerSpec layer = part.layer();
      boolean sequence = layer instanceof CompositeSpec.Sequence;
      int index = numbers.isOfChain() && !sequence ? nextInChain++ : nextInside++;
      String path = sequence ? "" : numbers.next();
      Numbers inside = sequence ? numbers : new Numbers(path + ".");
      long start = offset;
      List<ParameterSpec> parameters = layer.parameters(part.input());
      List<Placed> inner =
          layer.parts(part.input()).stream().map(each -> place(each, inside)).toList();
      if (inner.isEmpty()) {
        for (ParameterSpec tensor : parameters) {
          offset = Math.addExact(offset, tensor.size());
        }
      }
      return new Placed(
          index,
          path,
          layer,
          part.input(),
          layer.outputShape(part.input()),
          start,
          parameters,
          inner);
    }
  }

  /** Counts the layers of the chain, or of the inside of one layer. */
  private static final class Numbers {
    private final String prefix;
    private int last;

    Numbers(String prefix) {
      this.prefix = prefix;
    }

    boolean isOfChain() {
      return prefix.isEmpty();
    }

    String next() {
      last++;
      return prefix + last;
    }
  }

  /** The number of classes. */
  public int classes() {
    List<Placed> chain = placed();
    return chain.get(chain.size() - 1).output().channels();
  }

  /** The length of the canonical parameter vector, running statistics included. */
  public long parameterCount() {
    return placed().stream().mapToLong(Placed::parameterCount).sum();
  }

  /** The number of parameters that training learns, which is the one that papers report. */
  public long learnedCount() {
    return placed().stream().mapToLong(Placed::learnedCount).sum();
  }

  /**
   * Forward floating-point operations for one example; training takes about three times as many.
   */
  public long flops() {
    return placed().stream().mapToLong(Placed::flops).sum();
  }
}
