// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.Pointer;

/**
 * A layer of weights and biases: a convolution or a matrix product. Before each of its three
 * passes, its tensors are copied into the layout that the pass prefers, where that differs.
 */
abstract class WeightedLayer extends SequencedLayer {
  private final Workspace workspace;
  private final Tensor input;

  /** The input as the forward pass multiplies it. */
  private Tensor ordered;

  /** The weights as the forward pass multiplies them. */
  private Tensor orderedWeights;

  /** The gradient by the output as the gradient by the weights multiplies it; null if none does. */
  private Tensor orderedGradient;

  WeightedLayer(Workspace workspace, Tensor input) {
    this.workspace = workspace;
    this.input = input;
  }

  /** Whether the weights as the forward pass multiplies them are those of the parameters. */
  boolean hasOrderedWeights() {
    return false;
  }

  /** The weights as the forward pass multiplies them. */
  final Tensor orderedWeights() {
    return orderedWeights;
  }

  /** The input as the forward pass multiplies it. */
  final Tensor ordered() {
    return ordered;
  }

  /** A copy in another layout or number format is read in its place. */
  @Override
  public final boolean needsInput() {
    return ordered.sharesMemoryWith(input);
  }

  /**
   * Compiles the forward pass; returns the output, which is added to the summand if there is one.
   */
  final Tensor compileForward(
      PrimitiveDescriptor operation,
      Tensor source,
      Tensor weights,
      Tensor bias,
      Optional<Summand> summand) {
    Reorder from = workspace.convertInput(source, operation.source());
    Reorder with = workspace.convert(weights, operation.weights());
    ordered = from.to();
    orderedWeights = with.to();
    Layout layout = operation.destination();
    Tensor output =
        summand
            .map(addend -> addend.in(workspace, layout, source, forward))
            .orElseGet(() -> workspace.transientTensor(layout));
    Primitive primitive =
        workspace.compile(
            operation,
            Map.of(
                DNNL_ARG_SRC,
                from.to(),
                DNNL_ARG_WEIGHTS,
                with.to(),
                DNNL_ARG_BIAS,
                bias,
                DNNL_ARG_DST,
                output));
    forward.add(from::run);
    workspace.addStepOfParameters(
        forward,
        () -> {
          if (!hasOrderedWeights()) {
            with.run();
          }
        });
    forward.add(primitive::run);
    return output;
  }

  /**
   * Compiles the gradient by weights and biases.
   *
   * @param description of that pass
   * @param operation the forward pass
   */
  final void compileWeightsGradient(
      Pointer description,
      PrimitiveDescriptor operation,
      Tensor outputGradient,
      Tensor weightsGradient,
      Tensor biasGradient) {
    PrimitiveDescriptor gradient = workspace.operation(description, operation);
    Reorder from = workspace.convertTransiently(ordered, gradient.source());
    Reorder with = workspace.convertTransiently(outputGradient, gradient.destinationGradient());
    orderedGradient = with.to();
    Reorder to = workspace.convertInto(gradient.weightsGradient(), weightsGradient);
    Primitive primitive =
        workspace.compile(
            gradient,
            Map.of(
                DNNL_ARG_SRC,
                from.to(),
                DNNL_ARG_DIFF_DST,
                with.to(),
                DNNL_ARG_DIFF_WEIGHTS,
                to.from(),
                DNNL_ARG_DIFF_BIAS,
                biasGradient));
    backward.addAll(List.of(from::run, with::run, primitive::run, to::run));
  }

  /**
   * Compiles the gradient by the input, after that by the weights. Where it takes weights or the
   * gradient by the output in the same form, it reads the copies of the passes before.
   *
   * @param description of that pass
   * @param operation the forward pass
   */
  final void compileInputGradient(
      Pointer description,
      PrimitiveDescriptor operation,
      Tensor outputGradient,
      Tensor weights,
      Tensor inputGradient) {
    PrimitiveDescriptor gradient = workspace.operation(description, operation);
    Reorder from =
        orderedGradient == null
            ? workspace.convertTransiently(outputGradient, gradient.destinationGradient())
            : convert(outputGradient, orderedGradient, gradient.destinationGradient());
    Reorder with = convert(weights, orderedWeights, gradient.weights());
    Reorder to = workspace.convertInto(gradient.sourceGradient(), inputGradient);
    Primitive primitive =
        workspace.compile(
            gradient,
            Map.of(
                DNNL_ARG_DIFF_DST,
                from.to(),
                DNNL_ARG_WEIGHTS,
                with.to(),
                DNNL_ARG_DIFF_SRC,
                to.from()));
    backward.addAll(List.of(from::run, with::run, primitive::run, to::run));
  }

  /** A tensor in a layout: a copy that there is already, if it has that layout. */
  private Reorder convert(Tensor tensor, Tensor copy, Layout layout) {
    return copy.layout().sameAs(layout)
        ? new Reorder(copy, copy, Optional.empty())
        : workspace.convertTransiently(tensor, layout);
  }
}
