// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Dense}. The weights stay in canonical order, {@code [units, inputs]} row-major,
 * which all three matrix products can read: for AlexNet's fc6 a reorder would copy 151 MB in each
 * step.
 */
final class CompiledDense extends WeightedLayer {
  private final Workspace workspace;
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final Kernel kernel;
  private final Tensor input;
  private final Tensor source;
  private final Tensor weights;
  private final Tensor bias;
  private final PrimitiveDescriptor operation;
  private final Tensor output;

  CompiledDense(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Dense layer,
      Tensor input,
      Epilogue epilogue) {
    super(workspace, input);
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    this.kernel = workspace.kernel(placed);
    this.input = input;
    long examples = input.layout().dimensions()[0];
    long features = placed.input().features();
    Reorder flattened = workspace.convertInput(input, factors(rowMajor()));
    forward.add(flattened::run);
    source = workspace.view(factors(Layout.plain(examples, features)), flattened.to());
    weights =
        workspace.parameters(Layout.plain(layer.units(), features), vectors.parameters(placed, 0));
    bias = workspace.parameters(Layout.plain(layer.units()), vectors.parameters(placed, 1));
    operation = workspace.operation(describe(Layout.plain(examples, layer.units())), epilogue);
    output = compileForward(operation, source, weights, bias);
  }

  /** The order channel by channel, row by row, for an image. */
  private Layout rowMajor() {
    return Layout.plain(input.layout().dimensions());
  }

  /** The layout of the gradient by the input. */
  private Layout plainSource() {
    return Layout.plain(source.layout().dimensions());
  }

  /** The layout of values where they are multiplied. */
  private Layout factors(Layout layout) {
    return layout.rowMajorOf(kernel.factorType());
  }

  private Pointer describe(Layout destination) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            factors(source.layout()).descriptor(),
            factors(weights.layout()).descriptor(),
            bias.layout().descriptor(),
            destination.descriptor()),
        "describe a dense layer");
    return description;
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    compileWeightsGradient(
        describeWeightsGradient(outputGradient.layout()),
        operation,
        outputGradient,
        workspace.parameters(weights.layout(), vectors.gradients(placed, 0)),
        workspace.parameters(bias.layout(), vectors.gradients(placed, 1)));
    if (!inputGradientNeeded) {
      return input;
    }
    Reorder unflattened =
        workspace.convertInto(rowMajor(), workspace.transientTensor(input.layout()));
    compileInputGradient(
        describeInputGradient(outputGradient.layout()),
        operation,
        outputGradient,
        weights,
        workspace.view(plainSource(), unflattened.from()));
    backward.add(unflattened::run);
    return unflattened.to();
  }

  private Pointer describeWeightsGradient(Layout outputGradient) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_backward_weights_desc_init(
            description,
            factors(source.layout()).descriptor(),
            weights.layout().descriptor(),
            bias.layout().descriptor(),
            factors(outputGradient).descriptor()),
        "describe a dense layer's weight gradient");
    return description;
  }

  private Pointer describeInputGradient(Layout outputGradient) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_backward_data_desc_init(
            description,
            plainSource().descriptor(),
            factors(weights.layout()).descriptor(),
            factors(outputGradient).descriptor()),
        "describe a dense layer's input gradient");
    return description;
  }
}
