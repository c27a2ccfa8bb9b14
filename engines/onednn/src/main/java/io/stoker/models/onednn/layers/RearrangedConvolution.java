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

import io.stoker.models.onednn.layers.RearrangedImages.Part;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Rearrangement;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Convolution} after a {@link Rearrangement}. It computes a few examples at a
 * time, so that the copies of their input, and Winograd's transformation of them, fit into the
 * processor's cache. Each gradient by weights is therefore the sum of the gradients of several
 * parts of the batch, always added in the same order.
 */
final class RearrangedConvolution extends SequencedLayer {
  private static final int EXAMPLES_AT_A_TIME = 8;

  /** A group of channels of some examples. */
  private record GroupKey(Part part, int group) {}

  /** The weights of a group in the form that a pass over a number of examples multiplies. */
  private record OrderedKey(int group, long examples) {}

  private final Workspace workspace;
  private final Rearrangement shape;
  private final int[] indices;
  private final Epilogue epilogue;
  private final Tensor input;
  private final RearrangedImages images;
  private final RearrangedOperations described;
  private final GroupedFilters filters;
  private final NormalizedWeights normalized;
  private final List<Part> parts = new ArrayList<>();

  private final Map<Long, PrimitiveDescriptor> operations = new HashMap<>();
  private final Map<OrderedKey, Tensor> orderedWeights = new HashMap<>();

  /** The inputs that the forward pass multiplied, kept for the backward pass in bf16 only. */
  private final Map<GroupKey, Tensor> factors = new HashMap<>();

  /** The weights of the other convolution, by group: {@code [filters, other channels, 3, 3]}. */
  private final List<Tensor> weights = new ArrayList<>();

  private final Tensor output;

  RearrangedConvolution(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Convolution layer,
      Tensor input,
      Epilogue epilogue) {
    this.workspace = workspace;
    this.input = input;
    this.epilogue = epilogue;
    shape = Rearrangement.of(placed, layer);
    images = new RearrangedImages(workspace, shape, input);
    described =
        new RearrangedOperations(
            shape, workspace.kernel(placed), workspace.purpose(), epilogue.rounded());
    indices = shape.indices();
    filters = new GroupedFilters(workspace, vectors, placed, layer);
    long examples = input.layout().dimensions()[0];
    for (long first = 0; first < examples; first += EXAMPLES_AT_A_TIME) {
      parts.add(new Part(first, Math.min(EXAMPLES_AT_A_TIME, examples - first)));
    }
    workspace.addStepOfParameters(forward, filters::collect);
    normalized =
        NormalizedWeights.of(
            workspace, epilogue.statistics(vectors), filters.weights(), filters.bias());
    workspace.addStepOfParameters(forward, normalized);
    for (int group = 0; group < shape.groups(); group++) {
      weights.add(workspace.tensor(described.weights()));
    }
    workspace.addStepOfParameters(
        forward, () -> forEachGroup(normalized.weights(), weights, Rearrangement::arrange));
    output =
        workspace.transientTensor(
            described.images(examples, (long) shape.groups() * shape.filters()));
    parts.forEach(this::compileForward);
  }

  private void compileForward(Part part) {
    PrimitiveDescriptor operation =
        operations.computeIfAbsent(
            part.examples(),
            examples -> workspace.operation(described.forward(examples), epilogue));
    Tensor all = workspace.examples(output, part.first(), part.examples());
    for (int group = 0; group < shape.groups(); group++) {
      Tensor filled = images.arrange(part, group, forward);
      Reorder source =
          described.keepsFactors()
              ? workspace.convert(filled, operation.source())
              : workspace.convertTransiently(filled, operation.source());
      forward.add(source::run);
      if (described.keepsFactors()) {
        factors.put(new GroupKey(part, group), source.to());
      }
      Tensor with = ordered(group, part.examples(), operation);
      Tensor result =
          shape.groups() == 1
              ? all
              : workspace.transientTensor(described.images(part.examples(), shape.filters()));
      Map<Integer, Tensor> tensors =
          Map.of(
              DNNL_ARG_SRC,
              source.to(),
              DNNL_ARG_WEIGHTS,
              with,
              DNNL_ARG_BIAS,
              ofGroup(normalized.bias(), group),
              DNNL_ARG_DST,
              result);
      forward.add(workspace.compile(operation, tensors)::run);
      if (shape.groups() > 1) {
        forward.add(workspace.copy(result, channelsOf(all, group))::run);
        workspace.end(result);
      }
      workspace.end(source.to());
    }
  }

  /** Some values of a vector that has as many for each group. */
  private Tensor ofGroup(Tensor vector, int group) {
    return workspace.values(vector, (long) group * shape.filters(), shape.filters());
  }

  private Tensor channelsOf(Tensor outputs, int group) {
    return workspace.channels(outputs, (long) group * shape.filters(), shape.filters());
  }

  /** The weights of a group as the forward pass multiplies them. */
  private Tensor ordered(int group, long examples, PrimitiveDescriptor operation) {
    return orderedWeights.computeIfAbsent(
        new OrderedKey(group, examples),
        key -> {
          Reorder with = workspace.convert(weights.get(group), operation.weights());
          workspace.addStepOfParameters(forward, with::run);
          return with.to();
        });
  }

  private void forEachGroup(Tensor canonical, List<Tensor> others, Rearrangement.WeightCopy copy) {
    FloatBuffer all = canonical.buffer();
    int size = all.capacity() / others.size();
    for (int group = 0; group < others.size(); group++) {
      shape.forEachWeight(indices, all, group * size, others.get(group).buffer(), copy);
    }
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public boolean needsInput() {
    return !described.keepsFactors();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    Reorder arranged = workspace.convertTransiently(outputGradient, output.layout());
    backward.add(arranged::run);
    Tensor inputGradient = inputGradientNeeded ? workspace.transientTensor(input.layout()) : input;
    if (inputGradientNeeded && shape.window().stride() > 1) { // No output may depend on some rows.
      backward.add(() -> Pointer.memset(inputGradient.values(), 0, inputGradient.layout().bytes()));
    }
    List<Tensor> weightsGradients = new ArrayList<>();
    for (int group = 0; group < shape.groups(); group++) {
      weightsGradients.add(workspace.transientTensor(described.weights()));
    }
    for (Part part : parts) {
      Tensor all = workspace.examples(arranged.to(), part.first(), part.examples());
      for (int group = 0; group < shape.groups(); group++) {
        int moment = workspace.moment();
        Tensor gradient = ofGroup(part, group, all);
        compileWeightsGradient(part, group, gradient, weightsGradients.get(group));
        if (inputGradientNeeded) {
          compileInputGradient(part, group, gradient, inputGradient);
        }
        workspace.endAllSince(moment, inputGradient);
      }
    }
    backward.add(
        () -> forEachGroup(filters.weightsGradient(), weightsGradients, Rearrangement::restore));
    backward.add(filters::distributeGradients);
    return inputGradient;
  }

  /** The gradient by the output of a group, in the layout of the other convolution's output. */
  private Tensor ofGroup(Part part, int group, Tensor gradient) {
    Layout layout = described.images(part.examples(), shape.filters());
    if (gradient.layout().sameAs(layout)) {
      return gradient;
    }
    Tensor own = workspace.transientTensor(layout);
    backward.add(workspace.copy(channelsOf(gradient, group), own)::run);
    return own;
  }

  private void compileWeightsGradient(Part part, int group, Tensor gradient, Tensor sum) {
    PrimitiveDescriptor operation =
        workspace.operation(
            described.weightsGradient(part.examples()), operations.get(part.examples()));
    Tensor multiplied = factors.get(new GroupKey(part, group));
    Reorder source =
        workspace.convertTransiently(
            described.keepsFactors() ? multiplied : images.arrange(part, group, backward),
            operation.source());
    Reorder with = workspace.convertTransiently(gradient, operation.destinationGradient());
    backward.add(source::run);
    backward.add(with::run);
    Tensor byWeights = workspace.transientTensor(operation.weightsGradient());
    Tensor byBias = workspace.transientTensor(Layout.plain(shape.filters()));
    Map<Integer, Tensor> tensors =
        Map.of(
            DNNL_ARG_SRC,
            source.to(),
            DNNL_ARG_DIFF_DST,
            with.to(),
            DNNL_ARG_DIFF_WEIGHTS,
            byWeights,
            DNNL_ARG_DIFF_BIAS,
            byBias);
    backward.add(workspace.compile(operation, tensors)::run);
    accumulate(part, byWeights, sum);
    accumulate(part, byBias, ofGroup(filters.biasGradient(), group));
  }

  /** The first part of the batch overwrites the sum; the others add to it. */
  private void accumulate(Part part, Tensor summand, Tensor sum) {
    Reorder step = part.first() == 0 ? workspace.copy(summand, sum) : workspace.add(summand, sum);
    backward.add(step::run);
  }

  private void compileInputGradient(Part part, int group, Tensor gradient, Tensor inputGradient) {
    PrimitiveDescriptor operation =
        workspace.operation(
            described.inputGradient(part.examples()), operations.get(part.examples()));
    Tensor forwardWeights = orderedWeights.get(new OrderedKey(group, part.examples()));
    Tensor with = forwardWeights;
    if (!forwardWeights.layout().sameAs(operation.weights())) {
      Reorder ordered = workspace.convertTransiently(weights.get(group), operation.weights());
      backward.add(ordered::run);
      with = ordered.to();
    }
    Reorder byOutput = workspace.convertTransiently(gradient, operation.destinationGradient());
    backward.add(byOutput::run);
    Tensor other = workspace.transientTensor(RearrangedImages.layout(shape, part.examples()));
    Reorder byInput = workspace.convertInto(operation.sourceGradient(), other);
    Map<Integer, Tensor> tensors =
        Map.of(
            DNNL_ARG_DIFF_DST,
            byOutput.to(),
            DNNL_ARG_WEIGHTS,
            with,
            DNNL_ARG_DIFF_SRC,
            byInput.from());
    backward.add(workspace.compile(operation, tensors)::run);
    backward.add(byInput::run);
    images.restore(other, part, group, inputGradient, backward);
  }
}
