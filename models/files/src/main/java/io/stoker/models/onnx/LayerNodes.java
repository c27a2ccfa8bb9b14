// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.OnnxProtos.attribute;
import static io.stoker.models.onnx.OnnxProtos.named;
import static io.stoker.models.onnx.OnnxProtos.node;

import io.stoker.models.interchange.LayerTensors;
import io.stoker.models.interchange.MappedTensor;
import io.stoker.models.interchange.VectorPart;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Quantization;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import onnx.Onnx.AttributeProto;
import onnx.Onnx.GraphProto;
import onnx.Onnx.NodeProto;
import onnx.Onnx.TensorProto;

/** Adds the nodes of one layer. */
final class LayerNodes implements LayerVisitor<LayerNodes.Value> {
  /**
   * A value between two nodes.
   *
   * @param range of the integers that it was rounded to, if it was
   */
  record Value(String name, boolean vector, Optional<Quantization.Range> range) {
    Value(String name, boolean vector) {
      this(name, vector, Optional.empty());
    }
  }

  private final GraphProto.Builder graph;
  private final List<GraphTensor> tensors;
  private final Quantization quantization;
  private final String name;
  private final ModelSpec.Placed placed;

  /** The batch normalization after a layer in int8, which is a part of its weights. */
  private final Optional<ModelSpec.Placed> normalization;

  private final Value input;

  private LayerNodes(
      GraphProto.Builder graph,
      List<GraphTensor> tensors,
      Quantization quantization,
      ModelSpec.Placed placed,
      Optional<ModelSpec.Placed> normalization,
      Value input) {
    this.graph = graph;
    this.tensors = tensors;
    this.quantization = quantization;
    this.normalization = normalization;
    this.name = "layer_" + placed.path().replace('.', '_');
    this.placed = placed;
    this.input = input;
  }

  /**
   * Adds the nodes of layers one after the other.
   *
   * @param graph gets the nodes
   * @param tensors get the model's tensors, which the nodes name
   * @param quantization the layers in int8
   * @param layers the layers
   * @param input the value that the first reads
   */
  static Value chain(
      GraphProto.Builder graph,
      List<GraphTensor> tensors,
      Quantization quantization,
      List<ModelSpec.Placed> layers,
      Value input) {
    Value value = input;
    for (int i = 0; i < layers.size(); i++) {
      boolean inInt8 = quantization.range(layers.get(i)).isPresent();
      Optional<ModelSpec.Placed> normalization =
          layers.stream()
              .skip(i + 1L)
              .limit(inInt8 ? 1 : 0)
              .filter(next -> next.layer() instanceof LayerSpec.BatchNormalization)
              .findFirst();
      value =
          new LayerNodes(graph, tensors, quantization, layers.get(i), normalization, value).add();
      i += normalization.isPresent() ? 1 : 0;
    }
    return value;
  }

  private Value add() {
    return placed.layer().accept(this);
  }

  private Value inner(ModelSpec.Placed part, Value read) {
    return chain(graph, tensors, quantization, List.of(part), read);
  }

  @Override
  public Value visitConvolution(LayerSpec.Convolution layer) {
    NodeProto.Builder node = node("Conv", name, quantizedInput(image()).name());
    add(
        node.addAllInput(weights())
            .addAttribute(attribute("group", (long) layer.groups()))
            .addAttribute(dilations(layer.window())),
        layer.window());
    return new Value(name, false);
  }

  @Override
  public Value visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    NodeProto.Builder node = node("Conv", name, quantizedInput(image()).name());
    add(
        node.addAllInput(weights())
            .addAttribute(attribute("group", (long) placed.input().channels()))
            .addAttribute(dilations(layer.window())),
        layer.window());
    return new Value(name, false);
  }

  @Override
  public Value visitChannelPadding(LayerSpec.ChannelPadding layer) {
    Value image = image();
    int more = layer.channels() - placed.input().channels();
    graph.addNode(
        named(
            node("Pad", name, image.name(), shape(name + "_margins", 0, 0, 0, 0, 0, more, 0, 0))));
    return new Value(name, false);
  }

  @Override
  public Value visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    String pooled = name + "_pooled";
    graph.addNode(named(node("GlobalAveragePool", pooled, image().name())));
    graph.addNode(named(node("Flatten", name, pooled)).addAttribute(attribute("axis", 1)));
    return new Value(name, true);
  }

  @Override
  public Value visitSequence(CompositeSpec.Sequence layer) {
    return chain(graph, tensors, quantization, placed.inner(), input);
  }

  @Override
  public Value visitResidual(CompositeSpec.Residual layer) {
    ModelSpec.Placed after = placed.inner().get(2);
    Value read = quantizedInput(input, quantization.rangeOfBlock(placed));
    Value body = joinable(inner(placed.inner().get(0), read), after.input(), 1);
    Value shortcut = joinable(inner(placed.inner().get(1), read), after.input(), 2);
    graph.addNode(named(node("Add", name, body.name(), shortcut.name())));
    return inner(after, new Value(name, body.vector()));
  }

  @Override
  public Value visitBranches(CompositeSpec.Branches layer) {
    List<String> outputs = new ArrayList<>();
    int number = 0;
    for (ModelSpec.Placed branch : placed.inner()) {
      number++;
      Value output = inner(branch, input);
      outputs.add(joinable(output, branch.output(), number).name());
    }
    graph.addNode(
        named(node("Concat", name, outputs.toArray(String[]::new)))
            .addAttribute(attribute("axis", 1)));
    return new Value(name, placed.output().isVector());
  }

  @Override
  public Value visitChannelGate(CompositeSpec.ChannelGate layer) {
    ModelSpec.Placed gate = placed.inner().get(0);
    Value factors = image(inner(gate, input), gate.output(), name + "_gate");
    graph.addNode(named(node("Mul", name, image().name(), factors.name())));
    return new Value(name, false);
  }

  /** The output of a branch, as a vector if it is one, so that all branches have one form. */
  private Value joinable(Value value, Shape shape, int branch) {
    return shape.isVector()
        ? vector(value, name + "_branch_" + branch)
        : image(value, shape, name + "_branch_" + branch);
  }

  @Override
  public Value visitPooling(LayerSpec.Pooling layer) {
    NodeProto.Builder node =
        switch (layer.kind()) {
          case MAXIMUM -> node("MaxPool", name, image().name());
          case AVERAGE ->
              node("AveragePool", name, image().name())
                  .addAttribute(attribute("count_include_pad", 1));
        };
    add(node, layer.window());
    return new Value(name, false);
  }

  private void add(NodeProto.Builder node, Window window) {
    Padding padding = window.padding();
    graph.addNode(
        named(node)
            .addAttribute(attribute("kernel_shape", window.kernel(), window.kernel()))
            .addAttribute(attribute("strides", window.stride(), window.stride()))
            .addAttribute(
                attribute(
                    "pads", padding.top(), padding.left(), padding.bottom(), padding.right())));
  }

  private AttributeProto dilations(Window window) {
    return attribute("dilations", window.dilation(), window.dilation());
  }

  @Override
  public Value visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    // ONNX divides alpha by the size, as Caffe does.
    graph.addNode(
        named(node("LRN", name, image().name()))
            .addAttribute(attribute("size", layer.size()))
            .addAttribute(attribute("alpha", layer.alpha() * layer.size()))
            .addAttribute(attribute("beta", layer.beta()))
            .addAttribute(attribute("bias", layer.k())));
    return new Value(name, false);
  }

  @Override
  public Value visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    NodeProto.Builder node = node("BatchNormalization", name, input.name());
    graph.addNode(
        named(node)
            .addAllInput(weights())
            .addAttribute(attribute("epsilon", layer.epsilon()))
            .addAttribute(attribute("momentum", layer.decay())));
    return new Value(name, input.vector());
  }

  @Override
  public Value visitActivation(LayerSpec.Activation layer) {
    switch (layer.function()) {
      case THRESHOLD -> {
        String positive = name + "_positive";
        graph.addNode(named(node("Greater", positive, input.name(), constant("zero", 0))));
        graph.addNode(
            named(node("Cast", name, positive))
                .addAttribute(attribute("to", (long) TensorProto.DataType.FLOAT.getNumber())));
      }
      case SIGMOID -> graph.addNode(named(node("Sigmoid", name, input.name())));
      case TANH -> graph.addNode(named(node("Tanh", name, input.name())));
      case SCALED_TANH -> {
        String scaled = name + "_scaled";
        String tanh = name + "_tanh";
        graph.addNode(
            named(
                node(
                    "Mul",
                    scaled,
                    input.name(),
                    constant("slope", ActivationFunction.TANH_SLOPE))));
        graph.addNode(named(node("Tanh", tanh, scaled)));
        graph.addNode(
            named(
                node("Mul", name, tanh, constant("amplitude", ActivationFunction.TANH_AMPLITUDE))));
      }
      case RELU -> graph.addNode(named(node("Relu", name, input.name())));
      case LEAKY_RELU ->
          graph.addNode(
              named(node("LeakyRelu", name, input.name()))
                  .addAttribute(attribute("alpha", ActivationFunction.LEAK)));
      case GELU -> appendGelu();
      case SILU -> appendGate(input.name());
    }
    return new Value(name, input.vector());
  }

  /** ONNX has an operator for it from opset 20 on. */
  private void appendGelu() {
    String square = name + "_square";
    String cubic = name + "_cubic";
    String slope = name + "_slope";
    String sum = name + "_sum";
    graph.addNode(named(node("Mul", square, input.name(), input.name())));
    graph.addNode(named(node("Mul", cubic, square, constant("b", ActivationFunction.GELU_CUBIC))));
    graph.addNode(named(node("Add", slope, cubic, constant("a", ActivationFunction.GELU_SLOPE))));
    graph.addNode(named(node("Mul", sum, slope, input.name())));
    appendGate(sum);
  }

  /** Multiplies the input by the sigmoid of a value. */
  private void appendGate(String value) {
    String gate = name + "_gate";
    graph.addNode(named(node("Sigmoid", gate, value)));
    graph.addNode(named(node("Mul", name, input.name(), gate)));
  }

  @Override
  public Value visitScaling(LayerSpec.Scaling layer) {
    graph.addNode(named(node("Mul", name, input.name(), constant("factor", layer.factor()))));
    return new Value(name, input.vector());
  }

  @Override
  public Value visitDropout(LayerSpec.Dropout layer) {
    return input;
  }

  @Override
  public Value visitLstm(LayerSpec.Lstm layer) {
    String rows = name + "_rows";
    String sequence = name + "_sequence";
    String state = name + "_state";
    // A 0 in a shape keeps the dimension, here that of the batch.
    graph.addNode(
        named(
            node(
                "Reshape",
                rows,
                image().name(),
                shape(
                    name + "_rows_shape",
                    0,
                    layer.steps(placed.input()),
                    placed.input().width()))));
    graph.addNode(
        named(node("Transpose", sequence, rows)).addAttribute(attribute("perm", 1, 0, 2)));
    List<MappedTensor> lstm = LayerTensors.of(placed, LayerTensors.GateOrder.ONNX);
    NodeProto.Builder node =
        NodeProto.newBuilder()
            .setOpType("LSTM")
            .setName(state)
            .addInput(sequence)
            .addInput(tensor(withDirection(lstm.get(0), "weight_ih")))
            .addInput(tensor(withDirection(lstm.get(1), "weight_hh")))
            .addInput(tensor(withDirection(withSecondBias(lstm.get(2)), "bias")))
            .addOutput("")
            .addOutput(state)
            .addAttribute(attribute("hidden_size", layer.units()));
    graph.addNode(node);
    graph.addNode(named(node("Reshape", name, state, shape(name + "_shape", -1, layer.units()))));
    return new Value(name, true);
  }

  /** ONNX has a first dimension for the directions of an LSTM, here one. */
  private MappedTensor withDirection(MappedTensor matrix, String suffix) {
    List<Long> dimensions = new ArrayList<>(List.of(1L));
    dimensions.addAll(matrix.dimensions());
    return new MappedTensor(suffix, dimensions, matrix.parts(), matrix.presence());
  }

  /** ONNX has a second bias, of the hidden state; it is zero. */
  private MappedTensor withSecondBias(MappedTensor first) {
    List<VectorPart> parts = new ArrayList<>(first.parts());
    parts.add(VectorPart.zeros(first.count()));
    return new MappedTensor(first.name(), List.of(2 * first.count()), parts, first.presence());
  }

  @Override
  public Value visitDense(LayerSpec.Dense layer) {
    List<String> weights = weights();
    graph.addNode(
        named(node("Gemm", name, quantizedInput(vector()).name(), weights.get(0), weights.get(1)))
            .addAttribute(attribute("transB", 1)));
    return new Value(name, true);
  }

  /** The input as an image. */
  private Value image() {
    return image(input, placed.input(), name);
  }

  private Value image(Value value, Shape shape, String prefix) {
    if (!value.vector()) {
      return value;
    }
    String image = prefix + "_image";
    String sizes =
        shape(prefix + "_image_shape", 0, shape.channels(), shape.height(), shape.width());
    graph.addNode(named(node("Reshape", image, value.name(), sizes)));
    return new Value(image, false);
  }

  /** The input as a vector, flattened channel by channel. */
  private Value vector() {
    return vector(input, name);
  }

  private Value vector(Value value, String prefix) {
    if (value.vector()) {
      return value;
    }
    String flat = prefix + "_flat";
    graph.addNode(named(node("Flatten", flat, value.name())).addAttribute(attribute("axis", 1)));
    return new Value(flat, true);
  }

  /** The names of the layer's tensors, which become part of the graph. */
  private List<String> weights() {
    return quantization
        .range(placed)
        .map(this::integerWeights)
        .orElseGet(
            () ->
                LayerTensors.of(placed, LayerTensors.GateOrder.ONNX).stream()
                    .map(this::tensor)
                    .toList());
  }

  private Value quantizedInput(Value value) {
    return quantizedInput(value, quantization.range(placed));
  }

  /** The input of a layer in int8 as the numbers that its integers stand for. */
  private Value quantizedInput(Value value, Optional<Quantization.Range> range) {
    return range.isEmpty() || range.equals(value.range()) ? value : quantize(value, range.get());
  }

  private Value quantize(Value value, Quantization.Range range) {
    TensorProto.DataType type =
        range.signed() ? TensorProto.DataType.INT8 : TensorProto.DataType.UINT8;
    String zeroPoint = name + "_input_zero_point";
    graph.addInitializer(
        TensorProto.newBuilder().setName(zeroPoint).setDataType(type.getNumber()).addInt32Data(0));
    String scale = constant("input_scale", range.scale());
    String integers = name + "_input_integers";
    String read = name + "_input";
    graph.addNode(named(node("QuantizeLinear", integers, value.name(), scale, zeroPoint)));
    graph.addNode(named(node("DequantizeLinear", read, integers, scale, zeroPoint)));
    return new Value(read, value.vector(), Optional.of(range));
  }

  private List<String> integerWeights(Quantization.Range range) {
    List<GraphTensor> integers =
        new IntegerTensors(name, placed, normalization, range.scale()).tensors();
    tensors.addAll(integers);
    return List.of(
        dequantized(integers.get(0).name(), integers.get(1).name(), zeroPoints(integers.get(1))),
        dequantized(integers.get(2).name(), integers.get(3).name()));
  }

  /** The numbers that integers stand for, with a scale, and a zero, for each output channel. */
  private String dequantized(String integers, String... scaleAndZeroPoint) {
    String dequantized = integers + "_dequantized";
    graph.addNode(
        named(node("DequantizeLinear", dequantized, integers))
            .addAllInput(List.of(scaleAndZeroPoint))
            .addAttribute(attribute("axis", 0L)));
    return dequantized;
  }

  /** Zeros of 8 bits, as many as there are scales: ONNX Runtime wants them for dense layers. */
  private String zeroPoints(GraphTensor scales) {
    String zeroPoints = scales.name() + "_zero_points";
    long count = scales.header().getDims(0);
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(zeroPoints)
            .setDataType(TensorProto.DataType.INT8.getNumber())
            .addDims(count)
            .addAllInt32Data(Collections.nCopies(Math.toIntExact(count), 0)));
    return zeroPoints;
  }

  private String tensor(MappedTensor tensor) {
    MappedTensor named = tensor.named(name + "_" + tensor.name());
    tensors.add(GraphTensor.of(named));
    return named.name();
  }

  private String constant(String suffix, float value) {
    String constant = name + "_" + suffix;
    graph.addInitializer(
        TensorProto.newBuilder()
            .setName(constant)
            .setDataType(TensorProto.DataType.FLOAT.getNumber())
            .addFloatData(value));
    return constant;
  }

  private String shape(String constant, long... sizes) {
    TensorProto.Builder tensor =
        TensorProto.newBuilder()
            .setName(constant)
            .setDataType(TensorProto.DataType.INT64.getNumber())
            .addDims(sizes.length);
    for (long size : sizes) {
      tensor.addInt64Data(size);
    }
    graph.addInitializer(tensor);
    return constant;
  }
}
