// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

import io.stoker.failure.Check;
import java.io.Serializable;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which convolutions and dense layers of a trained model are computed in int8 in inference, and the
 * range of the input of each. Inputs have one scale for the whole tensor, weights one for each
 * output channel (see {@link QuantizedWeights}), and sums are exact, in int32. A batch
 * normalization that follows the layer is a part of its weights and biases.
 *
 * @param ranges the range of the input of each layer, by the layer's path, such as {@code 5.2}
 */
public record Quantization(SortedMap<String, Range> ranges) implements Serializable {
  /** Everything in floating point. */
  public static final Quantization NONE = new Quantization(Collections.emptySortedMap());

  /** The integer of the largest magnitude, where there are values below 0. */
  public static final int LARGEST_SIGNED = 127;

  private static final int LARGEST_UNSIGNED = 255;

  /** With magnitudes below it, a product of two scales could leave the range of fp32. */
  private static final float LEAST = 1e-15f;

  /**
   * The values that the input of a layer has. Those beyond the range are rounded to its ends.
   *
   * @param largest the largest magnitude, of the integer 127, or without sign 255
   * @param signed whether there are values below 0; the integers go from -128 to 127 then, else
   *     from 0 to 255
   */
  public record Range(float largest, boolean signed) implements Serializable {
    public Range {
      Check.input(
          Float.isFinite(largest) && largest >= LEAST,
          "Invalid range of a layer's input: %s (must be finite, and >= %s)",
          largest,
          LEAST);
    }

    /** The difference of the values of neighbouring integers. */
    public float scale() {
      return largest / (signed ? LARGEST_SIGNED : LARGEST_UNSIGNED);
    }
  }

  public Quantization {
    ranges = Collections.unmodifiableSortedMap(new TreeMap<>(ranges));
  }

  /** All layers of a model that can be computed in int8, with a range for each. */
  public static Quantization ofAll(ModelSpec model, Range range) {
    return new Quantization(
        model.leaves().stream()
            .filter(Quantization::isPossible)
            .collect(
                Collectors.toMap(
                    ModelSpec.Placed::path, layer -> range, (one, other) -> one, TreeMap::new)));
  }

  /** Whether values are so small that their integers are 0, with any scale. */
  public static boolean isZero(float largestMagnitude) {
    return largestMagnitude < LEAST;
  }

  public boolean isEmpty() {
    return ranges.isEmpty();
  }

  /** The range of a layer's input; empty if the layer is computed in floating point. */
  public Optional<Range> range(ModelSpec.Placed layer) {
    return Optional.ofNullable(ranges.get(layer.path()));
  }

  /**
   * The range in which a residual block reads its input as integers, in its body and in its
   * shortcut: that of the convolution at the start of the body, if the shortcut begins with one of
   * the same range, or if it is empty, and the convolution at the end of the body is in int8 too.
   * Empty if one of them reads floating point, and for other layers.
   */
  public Optional<Range> rangeOfBlock(ModelSpec.Placed block) {
    if (!(block.layer() instanceof CompositeSpec.Residual)) {
      return Optional.empty();
    }
    List<ModelSpec.Placed> body = block.inner().get(0).inner();
    List<ModelSpec.Placed> shortcut = block.inner().get(1).inner();
    Optional<Range> first = rangeOfConvolution(Optional.of(body.get(0)));
    Optional<Range> other =
        shortcut.isEmpty()
            ? rangeOfConvolution(lastConvolution(body)).flatMap(last -> first)
            : rangeOfConvolution(Optional.of(shortcut.get(0)));
    return first.equals(other) ? first : Optional.empty();
  }

  private Optional<Range> rangeOfConvolution(Optional<ModelSpec.Placed> layer) {
    return layer.filter(Quantization::isConvolution).flatMap(this::range);
  }

  /** The convolution at the end of some layers, but for a batch normalization after it. */
  public static Optional<ModelSpec.Placed> lastConvolution(List<ModelSpec.Placed> layers) {
    int last = layers.size() - 1;
    if (last > 0 && layers.get(last).layer() instanceof LayerSpec.BatchNormalization) {
      last--;
    }
    return Optional.of(layers.get(last)).filter(Quantization::isConvolution);
  }

  /** Whether a layer is a convolution of any kind. */
  public static boolean isConvolution(ModelSpec.Placed layer) {
    return layer.layer() instanceof LayerSpec.Convolution
        || layer.layer() instanceof LayerSpec.DepthwiseConvolution;
  }

  /** This one, but for a layer that is computed in floating point. */
  public Quantization without(String layer) {
    SortedMap<String, Range> others = new TreeMap<>(ranges);
    others.remove(layer);
    return new Quantization(others);
  }

  /** This one with one layer only. */
  public Quantization only(String layer) {
    return new Quantization(new TreeMap<>(Collections.singletonMap(layer, ranges.get(layer))));
  }

  /** Whether a layer can be computed in int8. */
  public static boolean isPossible(ModelSpec.Placed layer) {
    return isConvolution(layer) || layer.layer() instanceof LayerSpec.Dense;
  }

  /**
   * Makes sure that each of its layers is one of a model that can be computed in int8.
   *
   * @throws io.stoker.failure.InputException if one is not
   */
  public void requireLayersOf(ModelSpec model) {
    if (ranges.isEmpty()) {
      return;
    }
    Set<String> possible =
        model.leaves().stream()
            .filter(Quantization::isPossible)
            .map(ModelSpec.Placed::path)
            .collect(Collectors.toSet());
    for (String layer : ranges.keySet()) {
      Check.input(
          possible.contains(layer),
          "Invalid layer in int8: %s (model %s has no such convolution or dense layer)",
          layer,
          model.name());
    }
  }
}
