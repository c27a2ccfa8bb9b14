// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What nodes read: the values so far and the constants of a graph.
 *
 * @param values the values so far, by name
 * @param constants the constants, by name
 * @param shapes the shapes that the graph computes
 * @param opset the version of the operators
 * @param batch the number of examples of a graph that takes one number of them, else 1
 */
record NodeInputs(
    Map<String, GraphValue> values,
    Map<String, OnnxTensor> constants,
    GraphShapes shapes,
    long opset,
    long batch) {
  /** First weights, which the file's replace; the spec of a layer must have some. */
  static final Initializer WEIGHTS = Initializer.Rule.HE;

  /** An input that may be class probabilities. */
  GraphValue any(NodeView node) throws UnmappedException {
    GraphValue value = values.get(node.input(0));
    require(value != null, "its input is a constant");
    return value;
  }

  /** An input of a layer: softmax is no layer, and nothing is computed of its result. */
  GraphValue data(NodeView node, int index) throws UnmappedException {
    GraphValue value = values.get(node.input(index));
    require(value != null, "its input is a constant");
    require(value.form() != Form.PROBABILITIES, "it comes after a softmax, which must be the end");
    require(
        value.form() != Form.DIVIDED, "it comes after a temperature, which softmax must follow");
    return value;
  }

  GraphValue image(NodeView node) throws UnmappedException {
    GraphValue value = data(node, 0);
    require(value.form() == Form.IMAGE, "its input is no image");
    return value;
  }

  GraphValue features(NodeView node) throws UnmappedException {
    return features(node, 0);
  }

  GraphValue features(NodeView node, int index) throws UnmappedException {
    GraphValue value = data(node, index);
    require(
        value.form() == Form.IMAGE || value.form() == Form.VECTOR,
        "its input is neither an image nor a vector");
    return value;
  }

  OnnxTensor constant(NodeView node, int index) throws UnmappedException {
    OnnxTensor tensor = constants.get(node.input(index));
    require(tensor != null, "its input %s is no constant".formatted(index + 1));
    return tensor;
  }

  Optional<OnnxTensor> optionalConstant(NodeView node, int index) throws UnmappedException {
    return node.hasInput(index) ? Optional.of(constant(node, index)) : Optional.empty();
  }

  /** A constant that is one number. */
  double number(NodeView node, int index, GraphValue other) throws UnmappedException {
    OnnxTensor tensor = constant(node, index);
    require(
        tensor.count() == 1 && tensor.dimensions().size() <= other.dimensions().size(),
        "its constant of %s is no single number".formatted(tensor.dimensions()));
    return tensor.at(0);
  }

  static GraphValue chain(
      NodeView node, GraphValue input, LayerSpec layer, List<Optional<OnnxTensor>> weights) {
    Shape output = layer.outputShape(input.shape());
    return new GraphValue(
        new GraphStep.Chain(node.label(), input.step(), layer, weights),
        output,
        input.form() == Form.VECTOR ? Form.VECTOR : Form.IMAGE);
  }
}
