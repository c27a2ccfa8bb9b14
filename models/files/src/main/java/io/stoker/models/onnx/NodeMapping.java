// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeView.require;

import io.stoker.failure.InputException;
import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import onnx.Onnx.TensorProto;

/** Maps one node after the other to steps of a model, as far as Stoker has a layer for it. */
final class NodeMapping {
  /** First weights, which the file's replace; the spec of a layer must have some. */
  private static final Initializer WEIGHTS = new Initializer.He();

  private static final float TOLERANCE = 1e-5f;

  /** From this version of operators on, a softmax is over one axis, by default the last. */
  private static final int SOFTMAX_OF_ONE_AXIS = 13;

  /** Of layers whose operators say nothing of the training. */
  private static final float DECAY = 0.9f;

  private static final Set<String> KNOWN =
      Set.of(
          "Identity",
          "Dropout",
          "Cast",
          "Conv",
          "MaxPool",
          "AveragePool",
          "GlobalAveragePool",
          "Pad",
          "ReduceMean",
          "LRN",
          "BatchNormalization",
          "Relu",
          "Sigmoid",
          "Tanh",
          "LeakyRelu",
          "Greater",
          "Mul",
          "Sub",
          "Div",
          "Add",
          "Sum",
          "Concat",
          "Flatten",
          "Reshape",
          "Squeeze",
          "Transpose",
          "LSTM",
          "Gemm",
          "MatMul",
          "Softmax",
          "LogSoftmax");

  private final Map<String, GraphValue> values;
  private final Map<String, OnnxTensor> constants;
  private final GraphShapes shapes;
  private final long opset;
  private final long batch;
  private Optional<Double> temperature = Optional.empty();

  /** Whether there may be a layer for an operator. */
  static boolean isKnown(String operator) {
    return KNOWN.contains(operator);
  }

  /**
   * @param values the values so far, by name
   * @param constants the constants, by name
   * @param shapes the shapes that the graph computes
   * @param opset the version of the operators
   * @param batch the number of examples of a graph that takes one number of them, else 1
   */
  NodeMapping(
      Map<String, GraphValue> values,
      Map<String, OnnxTensor> constants,
      GraphShapes shapes,
      long opset,
      long batch) {
    this.values = values;
    this.constants = constants;
    this.shapes = shapes;
    this.opset = opset;
    this.batch = batch;
  }

  /**
   * The value of a node's output.
   *
   * @throws UnmappedException if Stoker has no layer for the node
   */
  GraphValue map(NodeView node) throws UnmappedException {
    try {
      GraphValue value = read(node);
      node.requireAllRead();
      return value;
    } catch (InputException e) { // what the layer's own checks say
      throw new UnmappedException(e.getMessage());
    }
  }

  private GraphValue read(NodeView node) throws UnmappedException {
    return switch (node.operator()) {
      case "Identity" -> any(node);
      case "Dropout" -> dropout(node);
      case "Cast" -> cast(node);
      case "Conv" -> convolution(node);
      case "MaxPool", "AveragePool" -> pooling(node);
      case "GlobalAveragePool" -> globalAverage(node);
      case "Pad" -> padding(node);
      case "ReduceMean" -> mean(node);
      case "LRN" -> responseNormalization(node);
      case "BatchNormalization" -> batchNormalization(node);
      case "Relu" -> activation(node, ActivationFunction.RELU);
      case "Sigmoid" -> activation(node, ActivationFunction.SIGMOID);
      case "Tanh" -> activation(node, ActivationFunction.TANH);
      case "LeakyRelu" -> leakyRelu(node);
      case "Gelu" -> gelu(node);
      case "Greater" -> greater(node);
      case "Mul" -> product(node);
      case "Sub", "Div" -> normalization(node);
      case "Add", "Sum" -> sum(node);
      case "Concat" -> concatenation(node);
      case "Flatten" -> flatten(node);
      case "Reshape" -> reshape(node);
      case "Squeeze" -> squeeze(node);
      case "Transpose" -> transpose(node);
      case "LSTM" -> lstm(node);
      case "Gemm" -> gemm(node);
      case "MatMul" -> matrixProduct(node);
      case "Softmax", "LogSoftmax" -> softmax(node);
      default -> throw new UnmappedException("no layer for this operator");
    };
  }

  /** An input that may be class probabilities. */
  private GraphValue any(NodeView node) throws UnmappedException {
    GraphValue value = values.get(node.input(0));
    require(value != null, "its input is a constant");
    return value;
  }

  /** An input of a layer: softmax is no layer, and nothing is computed of its result. */
  private GraphValue data(NodeView node, int index) throws UnmappedException {
    GraphValue value = values.get(node.input(index));
    require(value != null, "its input is a constant");
    require(value.form() != Form.PROBABILITIES, "it comes after a softmax, which must be the end");
    require(
        value.form() != Form.DIVIDED, "it comes after a temperature, which softmax must follow");
    return value;
  }

  private GraphValue image(NodeView node) throws UnmappedException {
    GraphValue value = data(node, 0);
    require(value.form() == Form.IMAGE, "its input is no image");
    return value;
  }

  private GraphValue features(NodeView node) throws UnmappedException {
    return features(node, 0);
  }

  private GraphValue features(NodeView node, int index) throws UnmappedException {
    GraphValue value = data(node, index);
    require(
        value.form() == Form.IMAGE || value.form() == Form.VECTOR,
        "its input is neither an image nor a vector");
    return value;
  }

  private OnnxTensor constant(NodeView node, int index) throws UnmappedException {
    OnnxTensor tensor = constants.get(node.input(index));
    require(tensor != null, "its input %s is no constant".formatted(index + 1));
    return tensor;
  }

  private Optional<OnnxTensor> optionalConstant(NodeView node, int index) throws UnmappedException {
    return node.hasInput(index) ? Optional.of(constant(node, index)) : Optional.empty();
  }

  /** A constant that is one number. */
  private double number(NodeView node, int index, GraphValue other) throws UnmappedException {
    OnnxTensor tensor = constant(node, index);
    require(
        tensor.count() == 1 && tensor.dimensions().size() <= other.dimensions().size(),
        "its constant of %s is no single number".formatted(tensor.dimensions()));
    return tensor.at(0);
  }

  private GraphValue dropout(NodeView node) throws UnmappedException {
    node.ignore("ratio", "seed");
    if (node.hasInput(1)) {
      node.input(1); // the probability
    }
    Optional<OnnxTensor> training = optionalConstant(node, 2);
    require(
        training.isEmpty() || (training.get().count() == 1 && training.get().at(0) == 0),
        "it is in training mode");
    return any(node);
  }

  /** Class probabilities: a model has no layer for them. */
  private GraphValue softmax(NodeView node) throws UnmappedException {
    GraphValue read = any(node);
    GraphValue scores = read.form() == Form.DIVIDED ? read : data(node, 0);
    require(
        scores.form() == Form.VECTOR
            || scores.form() == Form.DIVIDED
            || (scores.form() == Form.IMAGE && scores.shape().isVector()),
        "its input is no vector of scores");
    int rank = scores.dimensions().size();
    // Up to opset 12, all dimensions from the axis on are one.
    long axis = node.integer("axis", opset < SOFTMAX_OF_ONE_AXIS ? 1 : -1);
    require(
        axis == 1 || axis == 1 - rank,
        "its axis %s of %s is not that of the classes".formatted(axis, rank));
    return scores.in(Form.PROBABILITIES);
  }

  private static GraphValue chain(
      NodeView node, GraphValue input, LayerSpec layer, List<Optional<OnnxTensor>> weights) {
    Shape output = layer.outputShape(input.shape());
    return new GraphValue(
        new GraphStep.Chain(node.label(), input.step(), layer, weights),
        output,
        input.form() == Form.VECTOR ? Form.VECTOR : Form.IMAGE);
  }

  private GraphValue convolution(NodeView node) throws UnmappedException {
    GraphValue input = image(node);
    OnnxTensor weights = constant(node, 1);
    List<Long> sizes = weights.dimensions();
    require(sizes.size() == 4, "it is not two-dimensional");
    long groups = node.integer("group", 1);
    require(
        sizes.get(2).equals(sizes.get(3)),
        "its kernel of %s x %s is not square".formatted(sizes.get(2), sizes.get(3)));
    require(
        sizes.get(0) >= 1
            && sizes.get(0) <= Integer.MAX_VALUE
            && groups >= 1
            && sizes.get(1) * groups == input.shape().channels(),
        "its weights %s in %s groups do not fit %s channels"
            .formatted(sizes, groups, input.shape().channels()));
    List<Long> kernel = List.of(sizes.get(2), sizes.get(3));
    require(
        node.integers("kernel_shape", kernel).equals(kernel),
        "its kernel_shape is not that of its weights %s".formatted(sizes));
    Window window = window(node, input.shape(), kernel);
    Optional<OnnxTensor> bias = optionalConstant(node, 2);
    int filters = Math.toIntExact(sizes.get(0));
    List<Optional<OnnxTensor>> tensors =
        bias.isPresent() ? List.of(Optional.of(weights), bias) : List.of(Optional.of(weights));
    if (groups == input.shape().channels()
        && groups > 1
        && filters % groups == 0
        && window.dilation() == 1) {
      int multiplier = Math.toIntExact(filters / groups);
      return chain(
          node,
          input,
          new LayerSpec.DepthwiseConvolution(multiplier, window, WEIGHTS, 0, bias.isPresent()),
          tensors);
    }
    LayerSpec.Convolution layer =
        new LayerSpec.Convolution(filters, window, Math.toIntExact(groups), WEIGHTS, 0);
    return chain(node, input, bias.isPresent() ? layer : layer.withoutBias(), tensors);
  }

  private static Window window(NodeView node, Shape input, List<Long> kernel)
      throws UnmappedException {
    List<Long> ones = List.of(1L, 1L);
    Window window =
        new Window(
            node.square("kernel", kernel),
            node.square("strides", node.integers("strides", ones)),
            node.square("dilations", node.integers("dilations", ones)),
            Padding.NONE);
    String automatic = node.text("auto_pad", "NOTSET");
    List<Long> none = List.of(0L, 0L, 0L, 0L);
    List<Long> pads = node.integers("pads", none);
    require(
        automatic.equals("NOTSET") || pads.equals(none),
        "its pads %s are in addition to auto_pad".formatted(pads));
    if (automatic.equals("SAME_UPPER")) {
      return window.covering(input);
    }
    require(
        automatic.equals("NOTSET") || automatic.equals("VALID"),
        "auto_pad %s is not supported".formatted(OnnxReader.printable(automatic)));
    require(
        pads.size() == 4 && pads.stream().allMatch(pad -> pad >= 0 && pad <= 1024),
        "its pads %s are not supported".formatted(pads));
    return new Window(
        window.kernel(),
        window.stride(),
        window.dilation(),
        new Padding(
            pads.get(0).intValue(),
            pads.get(1).intValue(),
            pads.get(2).intValue(),
            pads.get(3).intValue()));
  }

  private GraphValue pooling(NodeView node) throws UnmappedException {
    GraphValue input = image(node);
    Window window = window(node, input.shape(), node.integers("kernel_shape", List.of()));
    boolean maximum = node.operator().equals("MaxPool");
    boolean paddingCounts = maximum || node.flag("count_include_pad", false);
    if (maximum) {
      node.ignore("storage_order"); // of the indices
    }
    if (node.flag("ceil_mode", false)) {
      require(
          node.text("auto_pad", "NOTSET").equals("NOTSET"), "ceil_mode is in addition to auto_pad");
      Window rounded = roundedUp(window, input.shape());
      require(
          maximum || rounded.equals(window),
          "ceil_mode gives windows that end outside of the image, which the average leaves out");
      window = rounded;
    }
    require(
        paddingCounts || window.padding().equals(Padding.NONE),
        "count_include_pad is 0, and it has padding");
    LayerSpec layer =
        new LayerSpec.Pooling(
            maximum ? LayerSpec.Pooling.Kind.MAXIMUM : LayerSpec.Pooling.Kind.AVERAGE, window);
    return chain(node, input, layer, List.of());
  }

  /** The window with the padding below and on the right that rounding up amounts to. */
  private static Window roundedUp(Window window, Shape input) {
    Padding padding = window.padding();
    int bottom = padding.bottom() + added(window, input.height(), padding.top(), padding.bottom());
    int right = padding.right() + added(window, input.width(), padding.left(), padding.right());
    return new Window(
        window.kernel(),
        window.stride(),
        window.dilation(),
        new Padding(padding.top(), padding.left(), bottom, right));
  }

  private static int added(Window window, int size, int before, int after) {
    int rest = (size + before + after - window.span()) % window.stride();
    // A window that would begin in the padding after the image is left out.
    int begin = size + before + after - window.span() - rest + window.stride();
    return rest == 0 || begin >= size + before ? 0 : window.stride() - rest;
  }

  private GraphValue globalAverage(NodeView node) throws UnmappedException {
    return chain(node, image(node), new LayerSpec.GlobalAveragePooling(), List.of());
  }

  /** Zeros after the channels; other padding is an attribute of the layer that needs it. */
  private GraphValue padding(NodeView node) throws UnmappedException {
    GraphValue input = image(node);
    require(node.text("mode", "constant").equals("constant"), "it repeats pixels");
    Optional<OnnxTensor> value = optionalConstant(node, 2);
    require(
        node.real("value", 0) == 0
            && (value.isEmpty() || (value.get().count() == 1 && value.get().at(0) == 0)),
        "it pads with another value than 0");
    List<Long> pads = node.hasInput(1) ? shapes.vector(node, 1) : node.integers("pads", List.of());
    require(pads.size() == 8, "its pads %s are not supported".formatted(pads));
    long more = pads.get(5);
    List<Long> others = new ArrayList<>(pads);
    others.remove(5);
    require(
        more >= 0 && more <= Integer.MAX_VALUE / 2 && others.stream().allMatch(pad -> pad == 0),
        "it pads otherwise than with channels after the others");
    if (more == 0) {
      return input;
    }
    int channels = Math.toIntExact(input.shape().channels() + more);
    return chain(node, input, new LayerSpec.ChannelPadding(channels), List.of());
  }

  /** A mean over height and width is a global average pool. */
  private GraphValue mean(NodeView node) throws UnmappedException {
    List<Long> axes = node.hasInput(1) ? shapes.vector(node, 1) : node.integers("axes", List.of());
    node.ignore("noop_with_empty_axes");
    require(
        axes.size() == 2
            && axes.stream()
                .map(axis -> axis < 0 ? axis + 4 : axis)
                .sorted()
                .toList()
                .equals(List.of(2L, 3L)),
        "it is no mean over height and width");
    GraphValue pooled = globalAverage(node);
    return node.flag("keepdims", true) ? pooled : pooled.in(Form.VECTOR);
  }

  private GraphValue responseNormalization(NodeView node) throws UnmappedException {
    int size = (int) Math.min(Integer.MAX_VALUE, node.integer("size", 0));
    LayerSpec layer =
        new LayerSpec.LocalResponseNormalization(
            size,
            node.real("bias", 1),
            node.real("alpha", 1e-4f) / Math.max(1, size),
            node.real("beta", 0.75f));
    return chain(node, image(node), layer, List.of());
  }

  private GraphValue batchNormalization(NodeView node) throws UnmappedException {
    require(
        !node.flag("training_mode", false)
            && node.proto().getOutputList().stream().skip(1).allMatch(String::isEmpty),
        "it is in training mode");
    require(node.flag("spatial", true), "it has statistics of each pixel");
    float decay = node.real("momentum", DECAY);
    LayerSpec layer =
        new LayerSpec.BatchNormalization(
            node.real("epsilon", 1e-5f), decay >= 0 && decay < 1 ? decay : DECAY);
    List<Optional<OnnxTensor>> weights = new ArrayList<>();
    for (int i = 1; i <= 4; i++) {
      weights.add(Optional.of(constant(node, i)));
    }
    return chain(node, features(node), layer, weights);
  }

  private GraphValue activation(NodeView node, ActivationFunction function)
      throws UnmappedException {
    return chain(node, features(node), new LayerSpec.Activation(function), List.of());
  }

  private GraphValue leakyRelu(NodeView node) throws UnmappedException {
    require(
        isNear(node.real("alpha", 0.01f), ActivationFunction.LEAK),
        "its alpha is %s (must be %s)"
            .formatted(node.real("alpha", 0.01f), ActivationFunction.LEAK));
    return activation(node, ActivationFunction.LEAKY_RELU);
  }

  private GraphValue gelu(NodeView node) throws UnmappedException {
    require(
        node.text("approximate", "none").equals("tanh"),
        "it is the exact form (must have approximate=\"tanh\")");
    return activation(node, ActivationFunction.GELU);
  }

  /** The threshold is a comparison with zero, and a conversion of the result. */
  private GraphValue greater(NodeView node) throws UnmappedException {
    GraphValue input = features(node);
    require(number(node, 1, input) == 0, "it compares with another value than 0");
    return half(node, input, GraphStep.Half.Kind.POSITIVE);
  }

  private static GraphValue half(NodeView node, GraphValue input, GraphStep.Half.Kind kind) {
    return new GraphValue(
        new GraphStep.Half(node.label(), input.step(), kind), input.shape(), input.form());
  }

  private GraphValue cast(NodeView node) throws UnmappedException {
    node.ignore("saturate", "round_mode"); // of conversions to smaller types
    GraphValue input = any(node);
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
  private GraphValue product(NodeView node) throws UnmappedException {
    if (values.containsKey(node.input(0)) && values.containsKey(node.input(1))) {
      return gated(node, data(node, 0), data(node, 1));
    }
    int place = constants.containsKey(node.input(0)) ? 1 : 0;
    GraphValue input = data(node, place);
    if (input.step() instanceof GraphStep.Start start) {
      List<Double> deviation = new ArrayList<>();
      for (double each : perChannel(constant(node, 1 - place), input)) {
        deviation.add(1 / each);
      }
      require(start.deviation().isEmpty(), "images are scaled twice");
      return input(node, input, start.mean(), Optional.of(deviation));
    }
    double factor = number(node, 1 - place, input);
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
    return chain(node, features(node, place), new LayerSpec.Scaling((float) factor), List.of());
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

  private GraphValue normalization(NodeView node) throws UnmappedException {
    GraphValue input = data(node, 0);
    if (node.operator().equals("Div") && input.form() == Form.VECTOR) {
      return divided(node, input);
    }
    List<Double> numbers = perChannel(constant(node, 1), input);
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
    double divisor = number(node, 1, scores);
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

  private GraphValue sum(NodeView node) throws UnmappedException {
    require(node.proto().getInputCount() == 2, "it adds other than two values");
    for (int place = 0; place < 2; place++) {
      if (constants.containsKey(node.input(place))) {
        GraphValue other = data(node, 1 - place);
        if (isHalf(other.step(), GraphStep.Half.Kind.CUBIC)) {
          require(
              isNear(number(node, place, other), ActivationFunction.GELU_SLOPE),
              "it adds a constant to a square");
          return next(node, other, GraphStep.Half.Kind.POLYNOMIAL);
        }
        return bias(node, other, constant(node, place));
      }
    }
    GraphValue left = data(node, 0);
    GraphValue right = data(node, 1);
    require(
        left.shape().equals(right.shape()) && left.form() == right.form(),
        "it adds %s and %s".formatted(left.shape(), right.shape()));
    return join(node, GraphStep.Join.Kind.SUM, List.of(left, right), left.shape());
  }

  /** A product of matrices, and the addition of a bias, are a dense layer. */
  private static GraphValue bias(NodeView node, GraphValue product, OnnxTensor bias)
      throws UnmappedException {
    require(
        product.step() instanceof GraphStep.Chain dense
            && dense.layer() instanceof LayerSpec.Dense
            && dense.weights().get(1).isEmpty(),
        "it adds a constant");
    GraphStep.Chain dense = (GraphStep.Chain) product.step();
    return new GraphValue(
        new GraphStep.Chain(
            node.label(),
            dense.dominator().orElseThrow(),
            dense.layer(),
            List.of(dense.weights().get(0), Optional.of(row(bias, product.shape().features())))),
        product.shape(),
        product.form());
  }

  /** A bias, which is added to each example. */
  private static OnnxTensor row(OnnxTensor bias, long units) throws UnmappedException {
    require(
        bias.dimensions().equals(List.of(units)) || bias.dimensions().equals(List.of(1L, units)),
        "its bias of %s is no number per unit".formatted(bias.dimensions()));
    return bias.reshaped(List.of(units));
  }

  private GraphValue concatenation(NodeView node) throws UnmappedException {
    int count = node.proto().getInputCount();
    require(count >= 2, "it concatenates one value");
    List<GraphValue> inputs = new ArrayList<>();
    long channels = 0;
    for (int i = 0; i < count; i++) {
      GraphValue input = data(node, i);
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

  private GraphValue flatten(NodeView node) throws UnmappedException {
    GraphValue input = features(node);
    long axis = node.integer("axis", 1);
    require(axis == 1 || axis == 1 - input.dimensions().size(), "its axis is not 1");
    return input.in(Form.VECTOR);
  }

  private GraphValue reshape(NodeView node) throws UnmappedException {
    GraphValue input = any(node);
    Shape shape = input.shape();
    List<Long> sizes = sizes(node, input);
    List<Long> example = sizes.subList(1, sizes.size());
    if (example.equals(List.of((long) shape.features()))) {
      return input.form() == Form.PROBABILITIES ? input : input.in(Form.VECTOR);
    }
    require(
        input.form() == Form.IMAGE || input.form() == Form.VECTOR,
        "it makes %s of an example of %s".formatted(example, input.form()));
    for (Form form : List.of(Form.IMAGE, Form.ROWS)) {
      List<Long> there = input.in(form).dimensions();
      if (example.equals(there.subList(1, there.size()))
          && (form == Form.IMAGE || input.form() == Form.IMAGE)) {
        return input.in(form);
      }
    }
    throw new UnmappedException("it makes %s of an example of %s".formatted(example, shape));
  }

  /** The sizes that a reshape makes, in numbers; the first is that of the batch. */
  private List<Long> sizes(NodeView node, GraphValue input) throws UnmappedException {
    require(input.form() != Form.SEQUENCE, "it makes examples of the rows of several images");
    List<Long> sizes = new ArrayList<>(shapes.vector(node, 1));
    boolean zeros = node.flag("allowzero", false);
    require(!sizes.isEmpty(), "it makes a single number");
    List<Long> before = input.dimensions();
    for (int i = 0; i < sizes.size(); i++) {
      if (sizes.get(i) == 0) {
        require(!zeros && i < before.size(), "it makes a size of 0");
        sizes.set(i, before.get(i));
      }
    }
    long first = sizes.get(0);
    require(
        first == GraphShapes.BATCH || first == -1 || first == batch,
        "it makes %s of a batch".formatted(sizes));
    long free = sizes.stream().filter(size -> size == -1).count();
    List<Long> rest = sizes.subList(1, sizes.size());
    require(
        free <= 1 && rest.stream().allMatch(size -> size > 0 || size == -1),
        "it makes %s of an example of %s".formatted(rest, input.shape()));
    long others =
        rest.stream().filter(size -> size > 0).reduce(1L, (a, b) -> Math.min(a * b, 1L << 31));
    rest.replaceAll(size -> size == -1 ? input.shape().features() / others : size);
    return sizes;
  }

  private GraphValue squeeze(NodeView node) throws UnmappedException {
    GraphValue input = data(node, 0);
    List<Long> axes = node.hasInput(1) ? shapes.vector(node, 1) : node.integers("axes", List.of());
    int rank = input.dimensions().size();
    List<Long> places = axes.stream().map(axis -> axis < 0 ? axis + rank : axis).sorted().toList();
    boolean state = input.form() == Form.STATE;
    require(
        state || (input.form() == Form.IMAGE && input.shape().isVector()),
        "it is not after an LSTM or a global average");
    require(
        axes.isEmpty() || places.equals(state ? List.of(0L) : List.of(2L, 3L)),
        "its axes %s leave no vector".formatted(axes));
    return input.in(Form.VECTOR);
  }

  private GraphValue transpose(NodeView node) throws UnmappedException {
    GraphValue input = data(node, 0);
    require(
        input.form() == Form.ROWS && node.integers("perm", List.of()).equals(List.of(1L, 0L, 2L)),
        "it does not bring the rows of images to the front");
    return input.in(Form.SEQUENCE);
  }

  private GraphValue lstm(NodeView node) throws UnmappedException {
    GraphValue input = data(node, 0);
    require(input.form() == Form.SEQUENCE, "its input is not the rows of images");
    require(
        node.text("direction", "forward").equals("forward")
            && !node.flag("input_forget", false)
            && !node.flag("layout", false),
        "it is no plain forward LSTM");
    require(
        node.proto().getOutputCount() >= 2 && !node.proto().getOutput(1).isEmpty(),
        "its last state is not used");
    OnnxTensor hidden = constant(node, 2);
    require(hidden.dimensions().size() == 3, "its weights are no matrices");
    int units = Math.toIntExact(hidden.dimensions().get(2));
    require(
        node.integer("hidden_size", units) == units,
        "its hidden_size is not that of its weights %s".formatted(hidden.dimensions()));
    OnnxTensor bias = node.hasInput(3) ? constant(node, 3) : null;
    require(bias != null && bias.count() == 8 * units, "it has no biases");
    LayerSpec layer = new LayerSpec.Lstm(units, WEIGHTS, 0);
    GraphValue value =
        chain(
            node,
            input,
            layer,
            List.of(
                Optional.of(withoutDirection(constant(node, 1))),
                Optional.of(withoutDirection(hidden)),
                Optional.of(bias.reshaped(List.of(8L * units)).foldedHalves())));
    return value.in(Form.STATE);
  }

  private static OnnxTensor withoutDirection(OnnxTensor matrix) throws UnmappedException {
    List<Long> sizes = matrix.dimensions();
    require(sizes.size() == 3 && sizes.get(0) == 1, "it has two directions");
    return matrix.reshaped(sizes.subList(1, 3));
  }

  private GraphValue gemm(NodeView node) throws UnmappedException {
    require(
        node.real("alpha", 1) == 1 && node.real("beta", 1) == 1 && !node.flag("transA", false),
        "alpha, beta or transA is not the default");
    OnnxTensor matrix = constant(node, 1);
    require(matrix.dimensions().size() == 2, "its weights are no matrix");
    return dense(
        node, node.flag("transB", false) ? matrix : matrix.transposed(), optionalConstant(node, 2));
  }

  private GraphValue matrixProduct(NodeView node) throws UnmappedException {
    OnnxTensor matrix = constant(node, 1);
    require(matrix.dimensions().size() == 2, "its weights are no matrix");
    return dense(node, matrix.transposed(), Optional.empty());
  }

  private GraphValue dense(NodeView node, OnnxTensor weights, Optional<OnnxTensor> bias)
      throws UnmappedException {
    GraphValue input = data(node, 0);
    require(input.form() == Form.VECTOR, "its input is no vector");
    require(
        weights.dimensions().get(1) == input.shape().features(),
        "its weights %s do not fit %s inputs"
            .formatted(weights.dimensions(), input.shape().features()));
    long units = weights.dimensions().get(0);
    LayerSpec layer = new LayerSpec.Dense(Math.toIntExact(units), WEIGHTS, 0);
    Optional<OnnxTensor> added =
        bias.isPresent() ? Optional.of(row(bias.get(), units)) : Optional.empty();
    return chain(node, input, layer, List.of(Optional.of(weights), added));
  }
}
