// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import io.stoker.models.spec.LayerSpec;
import java.util.List;
import java.util.Optional;

/**
 * A step on the way from a graph's input to its output, with the step that all ways to it pass: its
 * dominator (Cooper, Harvey and Kennedy, 2001, "A Simple, Fast Dominance Algorithm"). The dominator
 * of a join is where the branches begin that it joins.
 */
abstract sealed class GraphStep {
  private final Optional<GraphStep> dominator;
  private final int depth;
  private final String node;

  private GraphStep(String node, Optional<GraphStep> dominator) {
    this.node = node;
    this.dominator = dominator;
    this.depth = dominator.map(step -> step.depth + 1).orElse(0);
  }

  /** The node of the step, for messages. */
  final String node() {
    return node;
  }

  /** The step that all ways to this one pass; none for a {@link Start}. */
  final Optional<GraphStep> dominator() {
    return dominator;
  }

  /** The deepest step that all ways to two steps pass; none if there is no such step. */
  static Optional<GraphStep> common(GraphStep left, GraphStep right) {
    Optional<GraphStep> a = Optional.of(left);
    Optional<GraphStep> b = Optional.of(right);
    while (a.isPresent() && b.isPresent() && a.get() != b.get()) {
      if (a.get().depth >= b.get().depth) {
        a = a.get().dominator;
      } else {
        b = b.get().dominator;
      }
    }
    return b.isPresent() ? a : Optional.empty();
  }

  /** The images, as they are or normalised. */
  static final class Start extends GraphStep {
    private final Optional<List<Double>> mean;
    private final Optional<List<Double>> deviation;

    Start(String node, Optional<List<Double>> mean, Optional<List<Double>> deviation) {
      super(node, Optional.empty());
      this.mean = mean;
      this.deviation = deviation;
    }

    /** What is subtracted from the images, if anything is. */
    Optional<List<Double>> mean() {
      return mean;
    }

    /** What the images are divided by, if they are. */
    Optional<List<Double>> deviation() {
      return deviation;
    }
  }

  /** A layer. */
  static final class Chain extends GraphStep {
    private final LayerSpec layer;
    private final List<Optional<OnnxTensor>> weights;

    /**
     * @param weights the layer's tensors in the order of {@link
     *     io.stoker.models.interchange.LayerTensors}; those that may be absent are empty then
     */
    Chain(String node, GraphStep input, LayerSpec layer, List<Optional<OnnxTensor>> weights) {
      super(node, Optional.of(input));
      this.layer = layer;
      this.weights = List.copyOf(weights);
    }

    LayerSpec layer() {
      return layer;
    }

    List<Optional<OnnxTensor>> weights() {
      return weights;
    }
  }

  /** Half of a layer that ONNX writes as several nodes. */
  static final class Half extends GraphStep {
    private final Half.Kind kind;

    /** What has been done to the input. */
    enum Kind {
      /** It was multiplied by the slope of the scaled tanh. */
      SCALED,
      /** It was compared with zero. */
      POSITIVE,
      /** It was squared, for GELU. */
      SQUARED,
      /** Its square was multiplied by the cubic factor of GELU. */
      CUBIC,
      /** To that, the linear factor of GELU was added. */
      POLYNOMIAL,
      /** That was multiplied by the input: what GELU takes the sigmoid of. */
      EXPONENT
    }

    Half(String node, GraphStep input, Half.Kind kind) {
      super(node, Optional.of(input));
      this.kind = kind;
    }

    Half.Kind kind() {
      return kind;
    }
  }

  /** Several branches become one. */
  static final class Join extends GraphStep {
    private final Join.Kind kind;
    private final List<GraphStep> inputs;

    /** How branches are joined. */
    enum Kind {
      /** Two are added. */
      SUM,
      /** The channels of one are multiplied by the values of the other. */
      PRODUCT,
      /** Any number are concatenated along the channels. */
      CONCATENATION
    }

    Join(String node, GraphStep fork, Join.Kind kind, List<GraphStep> inputs) {
      super(node, Optional.of(fork));
      this.kind = kind;
      this.inputs = List.copyOf(inputs);
    }

    Join.Kind kind() {
      return kind;
    }

    List<GraphStep> inputs() {
      return inputs;
    }
  }
}
