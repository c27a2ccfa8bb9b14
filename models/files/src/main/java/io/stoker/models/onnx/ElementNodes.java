// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.DenseNodes.bias;
import static io.stoker.models.onnx.NodeInputs.chain;
import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import onnx.Onnx.TensorProto;

/**
 * Nodes that compute each number of a value by itself, or join values: activations are several of
 * them.
 */
final class ElementNodes {
  private static final float TOLERANCE = 1e-5f;

  private final NodeInputs in;
  private Optional<Double> temperature = Optional.empty();

  ElementNodes(NodeInputs in) {
    this.in = in;
  }

  GraphValue activation(NodeView node, ActivationFunction function) throws UnmappedException {
    return chain(node, in.features(node), new LayerSpec.Activation(function), List.of());
  }

  GraphValue leakyRelu(NodeView node) throws UnmappedException {
    require(
        isNear(node.real("alpha", 0.01f), ActivationFunction.LEAK),
        "its alpha is %s (must be %s)"
            .formatted(node.real("alpha", 0.01f), ActivationFunction.LEAK));
    return activation(node, ActivationFunction.LEAKY_RELU);
  }

  GraphValue gelu(NodeView node) throws UnmappedException {
    require(
        node.text("approximate", "none").equals("tanh"),
        "it is the exact form (must have approximate=\"tanh\")");
    return activation(node, ActivationFunction.GELU);
  }

  /** The threshold is a comparison with zero, and a conversion of the result. */
  GraphValue greater(NodeView node) throws UnmappedException {
    GraphValue input = in.features(node);
    require(in.number(node, 1, input) == 0, "it compares with another value than 0");
    return half(node, input, GraphStep.Half.Kind.POSITIVE);
  }

  private static GraphValue half(NodeView node, GraphValue input, GraphStep.Half.Kind kind) {
    return new GraphValue(
        new GraphStep.Half(node.label(), input.step(), kind), input.shape(), input.form());
  }

  GraphValue cast(NodeView node) throws UnmappedException {
    node.ignore("saturate", "round_mode"); // of conversions to smaller types
    GraphValue input = in.any(node);
    require(
        node.integer("to", 0) == TensorProto.DataType.FLOAT_VALUE, "it does not convert to FLOAT");
    return input.step() instanceof GraphStep.Half half
            && half.kind() == GraphStep.Half.Kind.POSITIVE
        ? instead(node, input, half, ActivationFunction.THRESHOLD)
        : input;
  }

  /** A layer that takes the place of the nodes from a half step on. */
  private static GraphValue instead(
      NodeView node, GraphValue value, GraphStep.Half half, ActivationFunction function) {
    return new GraphValue(
        new GraphStep.Chain(
            node.label(),
            half.dominator().orElseThrow(),
            new LayerSpec.Activation(function),
            List.of()),
        value.shape(),
        value.form());
  }

  /**
   * The scaled tanh is a product, a tanh and another product; SiLU is a product of a value and its
   * sigmoid; images may be multiplied too. Another constant is a layer that scales.
   */
  GraphValue product(NodeView node) throws UnmappedException {
    if (in.values().containsKey(node.input(0)) && in.values().containsKey(node.input(1))) {
      return gated(node, in.data(node, 0), in.data(node, 1));
    }
    int place = in.constants().containsKey(node.input(0)) ? 1 : 0;
    GraphValue input = in.data(node, place);
    if (input.step() instanceof GraphStep.Start start) {
      List<Double> deviation = new ArrayList<>();
      for (double each : perChannel(in.constant(node, 1 - place), input)) {
        deviation.add(1 / each);
      }
      require(start.deviation().isEmpty(), "images are scaled twice");
      return input(node, input, start.mean(), Optional.of(deviation));
    }
    double factor = in.number(node, 1 - place, input);
    if (isHalf(input.step(), GraphStep.Half.Kind.SQUARED)) {
      require(isNear(factor, ActivationFunction.GELU_CUBIC), "it multiplies a square by " + factor);
      return next(node, input, GraphStep.Half.Kind.CUBIC);
    }
    if (isNear(factor, ActivationFunction.TANH_SLOPE)) {
      return half(node, input, GraphStep.Half.Kind.SCALED);
    }
    if (isNear(factor, ActivationFunction.TANH_AMPLITUDE)
        && input.step() instanceof GraphStep.Chain tanh
        && tanh.layer().equals(new LayerSpec.Activation(ActivationFunction.TANH))
        && tanh.dominator().orElseThrow() instanceof GraphStep.Half half) {
      return instead(node, input, half, ActivationFunction.SCALED_TANH);
    }
    require(factor > 0, "it multiplies by %s (must be > 0)".formatted(factor));
    return chain(node, in.features(node, place), new LayerSpec.Scaling((float) factor), List.of());
  }

  /**
   * A product of two values: a square, a value and its sigmoid, a part of GELU, or channels and a
   * value for each of them.
   */
  private static GraphValue gated(NodeView node, GraphValue left, GraphValue right)
      throws UnmappedException {
    if (left.step() == right.step()) {
      return half(node, left, GraphStep.Half.Kind.SQUARED);
    }
    boolean swapped = isOf(left.step(), right.step());
    GraphValue value = swapped ? right : left;
    GraphStep factor = swapped ? left.step() : right.step();
    if (isHalf(factor, GraphStep.Half.Kind.POLYNOMIAL) && isOf(factor, value.step())) {
      return half(node, value, GraphStep.Half.Kind.EXPONENT);
    }
    if (factor instanceof GraphStep.Chain chain
        && chain.layer().equals(new LayerSpec.Activation(ActivationFunction.SIGMOID))) {
      GraphStep exponent = factor.dominator().orElseThrow();
      if (exponent == value.step()) {
        return chain(node, value, new LayerSpec.Activation(ActivationFunction.SILU), List.of());
      } else if (isHalf(exponent, GraphStep.Half.Kind.EXPONENT) && isOf(exponent, value.step())) {
        return chain(node, value, new LayerSpec.Activation(ActivationFunction.GELU), List.of());
      }
    }
    GraphValue factors = swapped ? left : right;
    require(
        isOf(factor, value.step())
            && value.form() == Form.IMAGE
            && factors.form() == Form.IMAGE
            && factors.shape().equals(Shape.vector(value.shape().channels())),
        "it multiplies two values, and not a value and its sigmoid, or channels and a value for"
            + " each that is computed of them");
    return join(node, GraphStep.Join.Kind.PRODUCT, List.of(value, factors), value.shape());
  }

  /** Whether a step is one of the nodes of a layer that begins after another step. */
  private static boolean isOf(GraphStep step, GraphStep start) {
    return step.dominator().filter(before -> before == start || isOf(before, start)).isPresent();
  }

  private static boolean isHalf(GraphStep step, GraphStep.Half.Kind kind) {
    return step instanceof GraphStep.Half half && half.kind() == kind;
  }

  /** The next of the nodes that are one layer. */
  private static GraphValue next(NodeView node, GraphValue value, GraphStep.Half.Kind kind) {
    GraphStep start = value.step().dominator().orElseThrow();
    return new GraphValue(
        new GraphStep.Half(node.label(), start, kind), value.shape(), value.form());
  }

  private static boolean isNear(double value, float expected) {
    return Math.abs(value - expected) <= TOLERANCE;
  }

  GraphValue normalization(NodeView node) throws UnmappedException {
    GraphValue input = in.data(node, 0);
    if (node.operator().equals("Div") && input.form() == Form.VECTOR) {
      return divided(node, input);
    }
    List<Double> numbers = perChannel(in.constant(node, 1), input);
    require(
        input.step() instanceof GraphStep.Start, "it does not normalise the images of the input");
    GraphStep.Start start = (GraphStep.Start) input.step();
    if (node.operator().equals("Sub")) {
      require(
          start.mean().isEmpty() && start.deviation().isEmpty(),
          "the mean is subtracted twice, or after the division");
      return input(node, input, Optional.of(numbers), Optional.empty());
    }
    require(start.deviation().isEmpty(), "images are scaled twice");
    return input(node, input, start.mean(), Optional.of(numbers));
  }

  /** Scores that are divided by a temperature; softmax must follow. */
  private GraphValue divided(NodeView node, GraphValue scores) throws UnmappedException {
    double divisor = in.number(node, 1, scores);
    require(divisor > 0 && Double.isFinite(divisor), "it divides by %s".formatted(divisor));
    temperature = Optional.of(divisor);
    return scores.in(Form.DIVIDED);
  }

  /** The temperature of the graph's softmax, if it has one. */
  Optional<Double> temperature() {
    return temperature;
  }

  private static GraphValue input(
      NodeView node,
      GraphValue images,
      Optional<List<Double>> mean,
      Optional<List<Double>> deviation) {
    return new GraphValue(
        new GraphStep.Start(node.label(), mean, deviation), images.shape(), images.form());
  }

  /** A number for each channel of an image. */
  private static List<Double> perChannel(OnnxTensor tensor, GraphValue images)
      throws UnmappedException {
    int channels = images.shape().channels();
    List<Long> sizes = tensor.dimensions().stream().filter(size -> size != 1).toList();
    boolean aligned =
        (tensor.count() == 1 && tensor.dimensions().size() <= images.dimensions().size())
            || (images.form() == Form.IMAGE
                && tensor.dimensions().size() >= 3
                && tensor.dimensions().size() <= 4
                && sizes.equals(List.of((long) channels))
                && tensor.dimensions().get(tensor.dimensions().size() - 3) == channels);
    require(aligned, "its constant of %s is no number per channel".formatted(tensor.dimensions()));
    return IntStream.range(0, channels)
        .mapToObj(channel -> tensor.at(tensor.count() == 1 ? 0 : channel))
        .toList();
  }

  GraphValue sum(NodeView node) throws UnmappedException {
    require(node.proto().getInputCount() == 2, "it adds other than two values");
    for (int place = 0; place < 2; place++) {
      if (in.constants().containsKey(node.input(place))) {
        GraphValue other = in.data(node, 1 - place);
        if (isHalf(other.step(), GraphStep.Half.Kind.CUBIC)) {
          require(
              isNear(in.number(node, place, other), ActivationFunction.GELU_SLOPE),
              "it adds a constant to a square");
          return next(node, other, GraphStep.Half.Kind.POLYNOMIAL);
        }
        return bias(node, other, in.constant(node, place));
      }
    }
    GraphValue left = in.data(node, 0);
    GraphValue right = in.data(node, 1);
    require(
        left.shape().equals(right.shape()) && left.form() == right.form(),
        "it adds %s and %s".formatted(left.shape(), right.shape()));
    return join(node, GraphStep.Join.Kind.SUM, List.of(left, right), left.shape());
  }

  GraphValue concatenation(NodeView node) throws UnmappedException {
    int count = node.proto().getInputCount();
    require(count >= 2, "it concatenates one value");
    List<GraphValue> inputs = new ArrayList<>();
    long channels = 0;
    for (int i = 0; i < count; i++) {
      GraphValue input = in.data(node, i);
      inputs.add(input);
      channels += input.shape().channels();
      Shape first = inputs.get(0).shape();
      require(
          input.form() == inputs.get(0).form()
              && input.shape().height() == first.height()
              && input.shape().width() == first.width(),
          "it concatenates %s and %s".formatted(first, input.shape()));
    }
    Form form = inputs.get(0).form();
    require(form == Form.IMAGE || form == Form.VECTOR, "its inputs are neither images nor vectors");
    long axis = node.integer("axis", 1);
    require(
        axis == 1 || axis == 1 - inputs.get(0).dimensions().size(),
        "it does not concatenate channels");
    Shape first = inputs.get(0).shape();
    return join(
        node,
        GraphStep.Join.Kind.CONCATENATION,
        inputs,
        new Shape(first.height(), first.width(), Math.toIntExact(channels)));
  }

  private static GraphValue join(
      NodeView node, GraphStep.Join.Kind kind, List<GraphValue> inputs, Shape shape)
      throws UnmappedException {
    List<GraphStep> steps = inputs.stream().map(GraphValue::step).toList();
    Optional<GraphStep> fork = Optional.of(steps.get(0));
    for (GraphStep step : steps) {
      fork = fork.flatMap(common -> GraphStep.common(common, step));
    }
    require(fork.isPresent(), "its inputs do not begin at one value");
    return new GraphValue(
        new GraphStep.Join(node.label(), fork.get(), kind, steps), shape, inputs.get(0).form());
  }
}
