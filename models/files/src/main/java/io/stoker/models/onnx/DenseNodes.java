// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onnx;

import static io.stoker.models.onnx.NodeInputs.chain;
import static io.stoker.models.onnx.NodeView.require;

import io.stoker.models.onnx.GraphValue.Form;
import io.stoker.models.onnx.NodeView.UnmappedException;
import io.stoker.models.spec.LayerSpec;
import java.util.List;
import java.util.Optional;

/** Nodes that multiply by matrices: dense layers and the LSTM. */
final class DenseNodes {
  private final NodeInputs in;

  DenseNodes(NodeInputs in) {
    this.in = in;
  }

  GraphValue lstm(NodeView node) throws UnmappedException {
    GraphValue input = in.data(node, 0);
    require(input.form() == Form.SEQUENCE, "its input is not the rows of images");
    require(
        node.text("direction", "forward").equals("forward")
            && !node.flag("input_forget", false)
            && !node.flag("layout", false),
        "it is no plain forward LSTM");
    require(
        node.proto().getOutputCount() >= 2 && !node.proto().getOutput(1).isEmpty(),
        "its last state is not used");
    OnnxTensor hidden = in.constant(node, 2);
    require(hidden.dimensions().size() == 3, "its weights are no matrices");
    int units = Math.toIntExact(hidden.dimensions().get(2));
    require(
        node.integer("hidden_size", units) == units,
        "its hidden_size is not that of its weights %s".formatted(hidden.dimensions()));
    OnnxTensor bias = node.hasInput(3) ? in.constant(node, 3) : null;
    require(bias != null && bias.count() == 8 * units, "it has no biases");
    LayerSpec layer = new LayerSpec.Lstm(units, NodeInputs.WEIGHTS, 0);
    GraphValue value =
        chain(
            node,
            input,
            layer,
            List.of(
                Optional.of(withoutDirection(in.constant(node, 1))),
                Optional.of(withoutDirection(hidden)),
                Optional.of(bias.reshaped(List.of(8L * units)).foldedHalves())));
    return value.in(Form.STATE);
  }

  private static OnnxTensor withoutDirection(OnnxTensor matrix) throws UnmappedException {
    List<Long> sizes = matrix.dimensions();
    require(sizes.size() == 3 && sizes.get(0) == 1, "it has two directions");
    return matrix.reshaped(sizes.subList(1, 3));
  }

  GraphValue gemm(NodeView node) throws UnmappedException {
    require(
        node.real("alpha", 1) == 1 && node.real("beta", 1) == 1 && !node.flag("transA", false),
        "alpha, beta or transA is not the default");
    OnnxTensor matrix = in.constant(node, 1);
    require(matrix.dimensions().size() == 2, "its weights are no matrix");
    return dense(
        node,
        node.flag("transB", false) ? matrix : matrix.transposed(),
        in.optionalConstant(node, 2));
  }

  GraphValue matrixProduct(NodeView node) throws UnmappedException {
    OnnxTensor matrix = in.constant(node, 1);
    require(matrix.dimensions().size() == 2, "its weights are no matrix");
    return dense(node, matrix.transposed(), Optional.empty());
  }

  private GraphValue dense(NodeView node, OnnxTensor weights, Optional<OnnxTensor> bias)
      throws UnmappedException {
    GraphValue input = in.data(node, 0);
    require(input.form() == Form.VECTOR, "its input is no vector");
    require(
        weights.dimensions().get(1) == input.shape().features(),
        "its weights %s do not fit %s inputs"
            .formatted(weights.dimensions(), input.shape().features()));
    long units = weights.dimensions().get(0);
    LayerSpec layer = new LayerSpec.Dense(Math.toIntExact(units), NodeInputs.WEIGHTS, 0);
    Optional<OnnxTensor> added =
        bias.isPresent() ? Optional.of(row(bias.get(), units)) : Optional.empty();
    return chain(node, input, layer, List.of(Optional.of(weights), added));
  }

  /** A product of matrices, and the addition of a bias, are a dense layer. */
  static GraphValue bias(NodeView node, GraphValue product, OnnxTensor bias)
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
}
