// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.dnnl.dnnl_inner_product_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Dense}. In training the weights stay in canonical order, {@code [units, inputs]}
 * row-major, which all three matrix products can read: for AlexNet's fc6 a reorder would copy 151
 * MB in each step.
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

  /** The version of the parameters whose weights are where the forward pass multiplies them. */
  private long orderedVersion = -1;

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
    operation =
        workspace.operation(
            describe(weights.layout(), bias.layout(), Layout.plain(examples, layer.units())),
            epilogue);
    output = compileForward(operation, source, weights, bias, Optional.empty());
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

  /**
   * The layout of weights where they are multiplied. They are copied once before many passes
   * without gradients, so that oneDNN chooses the order there.
   */
  private Layout weightFactors(Layout weights) {
    return workspace.purpose() == Purpose.INFERENCE && kernel == Kernel.BF16
        ? weights.anyOrderOf(kernel.factorType())
        : factors(weights);
  }

  private Pointer describe(Layout weights, Layout bias, Layout destination) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            factors(source.layout()).descriptor(),
            weightFactors(weights).descriptor(),
            bias.descriptor(),
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
    if (vectors.defers(placed)) {
      workspace.defer(deferred(outputGradient));
    } else {
      compileWeightsGradient(
          describeWeightsGradient(weights.layout(), bias.layout(), outputGradient.layout()),
          operation,
          outputGradient,
          workspace.parameters(weights.layout(), vectors.gradients(placed, 0)),
          workspace.parameters(bias.layout(), vectors.gradients(placed, 1)));
    }
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

  /**
   * The gradient by the weights, some units at a time. The backward pass keeps what it is computed
   * from: the input, and the gradient by the output of each block's units.
   */
  private DeferredGradient deferred(Tensor outputGradient) {
    long examples = input.layout().dimensions()[0];
    long features = placed.input().features();
    long units = DeferredGradient.units(placed);
    long all = placed.output().features();
    Layout block = Layout.plain(units, features);
    Layout biases = Layout.plain(units);
    Layout ofExamples = Layout.plain(examples, units);
    PrimitiveDescriptor gradient =
        workspace.operation(
            describeWeightsGradient(block, biases, ofExamples),
            workspace.operation(describe(block, biases, ofExamples)));
    Tensor inputs = workspace.tensor(gradient.source());
    backward.add(workspace.copy(ordered(), inputs)::run);
    Layout byBlock = Layout.strided(new long[] {all / units, examples, units}, units, all, 1);
    Tensor outputs = workspace.tensor(factors(byBlock));
    backward.add(workspace.copy(workspace.view(byBlock, outputGradient), outputs)::run);

    Tensor values = workspace.tensor(block);
    List<DeferredGradient.Block> blocks = new ArrayList<>();
    for (long first = 0; first < all; first += units) {
      Map<Integer, Tensor> tensors =
          Map.of(
              dnnl.DNNL_ARG_SRC,
              inputs,
              dnnl.DNNL_ARG_DIFF_DST,
              workspace.part(outputs, gradient.destinationGradient(), first * examples),
              dnnl.DNNL_ARG_DIFF_WEIGHTS,
              values,
              dnnl.DNNL_ARG_DIFF_BIAS,
              workspace.parameters(biases, vectors.gradients(placed, 1).getPointer(first)));
      blocks.add(
          new UnitsBlock(
              workspace.compile(gradient, tensors), orderWeights(block, first * features)));
    }
    return new DeferredGradient(placed, values, blocks);
  }

  /** Copies the weights of some units to where the forward pass multiplies them. */
  private Reorder orderWeights(Layout block, long first) {
    Tensor from = workspace.parameters(block, vectors.parameters(placed, 0).getPointer(first));
    return orderedWeights().sharesMemoryWith(weights)
        ? new Reorder(from, from, Optional.empty())
        : workspace.copy(from, workspace.part(orderedWeights(), factors(block), first));
  }

  /** Some units of a {@link DeferredGradient}. */
  private final class UnitsBlock implements DeferredGradient.Block {
    private final Primitive gradient;
    private final Reorder orderedWeights;

    UnitsBlock(Primitive gradient, Reorder orderedWeights) {
      this.gradient = gradient;
      this.orderedWeights = orderedWeights;
    }

    @Override
    public void compute() {
      gradient.run();
    }

    @Override
    public void updated() {
      orderedWeights.run();
      orderedVersion = vectors.version() + 1;
    }
  }

  /** The update of the weights has copied them as well, while they were in the cache. */
  @Override
  boolean hasOrderedWeights() {
    return orderedVersion == vectors.version();
  }

  private Pointer describeWeightsGradient(Layout weights, Layout bias, Layout outputGradient) {
    dnnl_inner_product_desc_t description = new dnnl_inner_product_desc_t();
    OneDnn.check(
        dnnl.dnnl_inner_product_backward_weights_desc_init(
            description,
            factors(source.layout()).descriptor(),
            weights.descriptor(),
            bias.descriptor(),
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
