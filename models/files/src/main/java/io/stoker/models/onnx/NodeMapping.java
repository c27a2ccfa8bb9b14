// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeView.require;

import io.stoker.failure.InputException;
import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.ActivationFunction;
import java.util.Optional;
import java.util.Set;

/** Maps one node after the other to steps of a model, as far as Stoker has a layer for it. */
final class NodeMapping {
  /** From this version of operators on, a softmax is over one axis, by default the last. */
  private static final int SOFTMAX_OF_ONE_AXIS = 13;

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

  private final NodeInputs in;
  private final WindowNodes windows;
  private final ElementNodes elements;
  private final FormNodes forms;
  private final DenseNodes matrices;

  /** Whether there may be a layer for an operator. */
  static boolean isKnown(String operator) {
    return KNOWN.contains(operator);
  }

  NodeMapping(NodeInputs in) {
    this.in = in;
    this.windows = new WindowNodes(in);
    this.elements = new ElementNodes(in);
    this.forms = new FormNodes(in);
    this.matrices = new DenseNodes(in);
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
      case "Identity" -> in.any(node);
      case "Dropout" -> dropout(node);
      case "Cast" -> elements.cast(node);
      case "Conv" -> windows.convolution(node);
      case "MaxPool", "AveragePool" -> windows.pooling(node);
      case "GlobalAveragePool" -> windows.globalAverage(node);
      case "Pad" -> windows.padding(node);
      case "ReduceMean" -> windows.mean(node);
      case "LRN" -> windows.responseNormalization(node);
      case "BatchNormalization" -> windows.batchNormalization(node);
      case "Relu" -> elements.activation(node, ActivationFunction.RELU);
      case "Sigmoid" -> elements.activation(node, ActivationFunction.SIGMOID);
      case "Tanh" -> elements.activation(node, ActivationFunction.TANH);
      case "LeakyRelu" -> elements.leakyRelu(node);
      case "Gelu" -> elements.gelu(node);
      case "Greater" -> elements.greater(node);
      case "Mul" -> elements.product(node);
      case "Sub", "Div" -> elements.normalization(node);
      case "Add", "Sum" -> elements.sum(node);
      case "Concat" -> elements.concatenation(node);
      case "Flatten" -> forms.flatten(node);
      case "Reshape" -> forms.reshape(node);
      case "Squeeze" -> forms.squeeze(node);
      case "Transpose" -> forms.transpose(node);
      case "LSTM" -> matrices.lstm(node);
      case "Gemm" -> matrices.gemm(node);
      case "MatMul" -> matrices.matrixProduct(node);
      case "Softmax", "LogSoftmax" -> softmax(node);
      default -> throw new UnmappedException("no layer for this operator");
    };
  }

  /** The temperature of the graph's softmax, if it has one. */
  Optional<Double> temperature() {
    return elements.temperature();
  }

  private GraphValue dropout(NodeView node) throws UnmappedException {
    node.ignore("ratio", "seed");
    if (node.hasInput(1)) {
      node.input(1); // the probability
    }
    Optional<OnnxTensor> training = in.optionalConstant(node, 2);
    require(
        training.isEmpty() || (training.get().count() == 1 && training.get().at(0) == 0),
        "it is in training mode");
    return in.any(node);
  }

  /** Class probabilities: a model has no layer for them. */
  private GraphValue softmax(NodeView node) throws UnmappedException {
    GraphValue read = in.any(node);
    GraphValue scores = read.form() == Form.DIVIDED ? read : in.data(node, 0);
    require(
        scores.form() == Form.VECTOR
            || scores.form() == Form.DIVIDED
            || (scores.form() == Form.IMAGE && scores.shape().isVector()),
        "its input is no vector of scores");
    int rank = scores.dimensions().size();
    // Up to opset 12, all dimensions from the axis on are one.
    long axis = node.integer("axis", in.opset() < SOFTMAX_OF_ONE_AXIS ? 1 : -1);
    require(
        axis == 1 || axis == 1 - rank,
        "its axis %s of %s is not that of the classes".formatted(axis, rank));
    return scores.in(Form.PROBABILITIES);
  }
}
