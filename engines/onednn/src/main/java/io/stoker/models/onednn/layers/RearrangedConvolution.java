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
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.onednn.rules.Kernel;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.Rearrangement;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_convolution_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Convolution} after a {@link Rearrangement}. It computes a few examples at a
 * time, so that the copies of their input, and Winograd's transformation of them, fit into the
 * processor's cache. Each gradient by weights is therefore the sum of the gradients of several
 * parts of the batch, always added in the same order.
 */
final class RearrangedConvolution extends SequencedLayer {
  private static final int EXAMPLES_AT_A_TIME = 8;

  private static final long[] ONE = {1, 1};
  private static final long[] NO_PADDING = {0, 0};

  /** Some examples of a batch. */
  private record Part(long first, long examples) {}

  /** A group of channels of some examples. */
  private record GroupKey(Part part, int group) {}

  /** The weights of a group in the form that a pass over a number of examples multiplies. */
  private record OrderedKey(int group, long examples) {}

  private final Workspace workspace;
  private final Kernel kernel;
  private final Rearrangement shape;
  private final int[] places;
  private final Epilogue epilogue;
  private final Tensor input;
  private final GroupedFilters filters;
  private final NormalizedWeights normalized;
  private final List<Part> parts = new ArrayList<>();

  /** By the number of examples. No step writes to the values around the image, which are zero. */
  private final Map<Long, Tensor> sources = new HashMap<>();

  private final Map<Long, Tensor> padded = new HashMap<>();
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
    kernel = workspace.kernel(placed);
    shape = Rearrangement.of(placed, layer);
    places = shape.places();
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
      weights.add(workspace.tensor(otherWeights()));
    }
    workspace.addStepOfParameters(
        forward, () -> forEachGroup(normalized.weights(), weights, Rearrangement::arrange));
    output = workspace.transientTensor(images(examples, (long) shape.groups() * shape.filters()));
    parts.forEach(this::compileForward);
  }

  private Layout otherWeights() {
    return Layout.plain(
        shape.filters(), shape.otherChannels(), Rearrangement.TAPS, Rearrangement.TAPS);
  }

  /** oneDNN's number of the type of the output and of the gradient by it. */
  private int outputType() {
    return epilogue.rounded() ? kernel.factorType() : dnnl.dnnl_f32;
  }

  /** Values in the shape of the output, for some examples and channels. */
  private Layout images(long examples, long channels) {
    long[] dimensions = {examples, channels, shape.output().height(), shape.output().width()};
    return kernel == Kernel.REARRANGED_BF16
        ? Layout.channelsLast(outputType(), dimensions) // AMX multiplies the channels of a pixel.
        : Layout.blocked(dimensions);
  }

  /** The layout of a factor: the given one in fp32; in bf16 oneDNN's primitive chooses it. */
  private Layout factors(Layout layout) {
    return kernel == Kernel.REARRANGED_BF16 ? layout.anyOrderOf(kernel.factorType()) : layout;
  }

  /** The input of the other convolution. */
  private Layout otherInput(long examples) {
    return Layout.blocked(examples, shape.otherChannels(), shape.rows(), shape.columns());
  }

  /** The layout in which a primitive multiplies the weights of the other convolution. */
  private Layout weightFactors() {
    return otherWeights().anyOrderOf(kernel.factorType());
  }

  /** The gradient by the other convolution's input. */
  private Layout otherInputGradient(long examples) {
    Layout layout = otherInput(examples);
    return kernel == Kernel.REARRANGED_BF16 ? layout.anyOrder() : layout;
  }

  private boolean keepsFactors() {
    return kernel == Kernel.REARRANGED_BF16 && workspace.purpose() == Purpose.TRAINING;
  }

  private void compileForward(Part part) {
    PrimitiveDescriptor operation =
        operations.computeIfAbsent(
            part.examples(), examples -> workspace.operation(describe(examples), epilogue));
    Tensor all = workspace.examples(output, part.first(), part.examples());
    for (int group = 0; group < shape.groups(); group++) {
      Tensor filled = fill(part, group, forward);
      Reorder source =
          keepsFactors()
              ? workspace.convert(filled, operation.source())
              : workspace.convertTransiently(filled, operation.source());
      forward.add(source::run);
      if (keepsFactors()) {
        factors.put(new GroupKey(part, group), source.to());
      }
      Tensor with = ordered(group, part.examples(), operation);
      Tensor result =
          shape.groups() == 1
              ? all
              : workspace.transientTensor(images(part.examples(), shape.filters()));
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

  private Tensor channelsOf(Tensor images, int group) {
    return workspace.channels(images, (long) group * shape.filters(), shape.filters());
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

  /**
   * Adds the steps that copy some examples of a group into the input of the other convolution.
   *
   * @param steps of the pass that reads it
   */
  private Tensor fill(Part part, int group, List<Runnable> steps) {
    Tensor images = workspace.box(input, dimensions(part), first(part, group));
    Tensor source =
        sources.computeIfAbsent(
            part.examples(), examples -> workspace.tensor(otherInput(examples)));
    if (shape.window().stride() == 1) {
      for (int i = 0; i < shape.parts() * shape.parts(); i++) {
        Overlap overlap = overlap(i);
        Tensor from = overlap.ofImage(images);
        steps.add(workspace.copy(from, overlap.ofOther(source, i))::run);
      }
      return source;
    }
    Tensor plain =
        padded.computeIfAbsent(
            part.examples(), examples -> workspace.tensor(plainLayout(examples)));
    Overlap overlap = overlapOfPadded();
    steps.add(workspace.copy(overlap.ofImage(images), overlap.ofPadded(plain))::run);
    steps.add(
        workspace.copy(
                workspace.view(phasesOfPadded(part.examples()), plain),
                workspace.view(phasesOfOther(part.examples()), source))
            ::run);
    return source;
  }

  private long[] dimensions(Part part) {
    return new long[] {
      part.examples(), shape.channels(), shape.input().height(), shape.input().width()
    };
  }

  private long[] first(Part part, int group) {
    return new long[] {part.first(), (long) group * shape.channels(), 0, 0};
  }

  /** The image with its padding, as large as the phases of the stride make it. */
  private Layout plainLayout(long examples) {
    int stride = shape.window().stride();
    return Layout.plain(
        examples, shape.channels(), (long) shape.rows() * stride, (long) shape.columns() * stride);
  }

  /** The image with its padding: {@code [examples, channels, rows, columns, phase, phase]}. */
  private Layout phasesOfPadded(long examples) {
    long stride = shape.window().stride();
    long width = shape.columns() * stride;
    long plane = shape.rows() * stride * width;
    return Layout.strided(
        phaseDimensions(examples),
        shape.channels() * plane,
        plane,
        stride * width,
        stride,
        width,
        1);
  }

  /** The other convolution's input in the same dimensions: a channel's phases are a block. */
  private Layout phasesOfOther(long examples) {
    long stride = shape.window().stride();
    long row = shape.columns() * (long) Layout.BLOCK;
    return Layout.strided(
        phaseDimensions(examples),
        shape.channels() * (shape.rows() * row),
        shape.rows() * row,
        row,
        Layout.BLOCK,
        stride,
        1);
  }

  private long[] phaseDimensions(long examples) {
    long stride = shape.window().stride();
    return new long[] {examples, shape.channels(), shape.rows(), shape.columns(), stride, stride};
  }

  /**
   * The rows and columns that the image has in common with a shifted copy of it.
   *
   * @param row the first one in the image
   * @param column the first one in the image
   * @param otherRow the same row in the other one
   * @param otherColumn the same column in the other one
   */
  private record Overlap(
      Workspace workspace,
      int row,
      int column,
      int otherRow,
      int otherColumn,
      int rows,
      int columns,
      int channels) {
    Tensor ofImage(Tensor images) {
      return part(images, 0, row, column);
    }

    Tensor ofPadded(Tensor padded) {
      return part(padded, 0, otherRow, otherColumn);
    }

    Tensor ofOther(Tensor other, int part) {
      return part(other, (long) part * channels, otherRow, otherColumn);
    }

    private Tensor part(Tensor tensor, long channel, long firstRow, long firstColumn) {
      long examples = tensor.layout().dimensions()[0];
      long[] dimensions = {examples, channels, rows, columns};
      return workspace.box(tensor, dimensions, 0, channel, firstRow, firstColumn);
    }
  }

  /** Of the image and one of the kernel's parts. */
  private Overlap overlap(int part) {
    int down = part / shape.parts() * Rearrangement.TAPS;
    int right = part % shape.parts() * Rearrangement.TAPS;
    return overlap(
        shape.window().padding().top() - down,
        shape.window().padding().left() - right,
        shape.rows(),
        shape.columns());
  }

  private Overlap overlapOfPadded() {
    int stride = shape.window().stride();
    return overlap(
        shape.window().padding().top(),
        shape.window().padding().left(),
        shape.rows() * stride,
        shape.columns() * stride);
  }

  /** Of the image and another one, in which the image begins at a place. */
  private Overlap overlap(int top, int left, int height, int width) {
    int otherRow = Math.max(0, top);
    int otherColumn = Math.max(0, left);
    int rows = Math.min(height, shape.input().height() + top) - otherRow;
    int columns = Math.min(width, shape.input().width() + left) - otherColumn;
    return new Overlap(
        workspace,
        otherRow - top,
        otherColumn - left,
        otherRow,
        otherColumn,
        rows,
        columns,
        shape.channels());
  }

  private void forEachGroup(Tensor canonical, List<Tensor> others, Rearrangement.WeightCopy copy) {
    FloatBuffer all = canonical.buffer();
    int size = all.capacity() / others.size();
    for (int group = 0; group < others.size(); group++) {
      shape.forEachWeight(places, all, group * size, others.get(group).buffer(), copy);
    }
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public boolean needsInput() {
    return !keepsFactors();
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
      weightsGradients.add(workspace.transientTensor(otherWeights()));
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
    Layout layout = images(part.examples(), shape.filters());
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
            describeWeightsGradient(part.examples()), operations.get(part.examples()));
    Tensor multiplied = factors.get(new GroupKey(part, group));
    Reorder source =
        workspace.convertTransiently(
            keepsFactors() ? multiplied : fill(part, group, backward), operation.source());
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
            describeInputGradient(part.examples()), operations.get(part.examples()));
    Tensor forwardWeights = orderedWeights.get(new OrderedKey(group, part.examples()));
    Tensor with = forwardWeights;
    if (!forwardWeights.layout().sameAs(operation.weights())) {
      Reorder ordered = workspace.convertTransiently(weights.get(group), operation.weights());
      backward.add(ordered::run);
      with = ordered.to();
    }
    Reorder byOutput = workspace.convertTransiently(gradient, operation.destinationGradient());
    backward.add(byOutput::run);
    Tensor other = workspace.transientTensor(otherInput(part.examples()));
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
    Tensor images = workspace.box(inputGradient, dimensions(part), first(part, group));
    if (shape.window().stride() == 1) {
      for (int i = 0; i < shape.parts() * shape.parts(); i++) {
        Overlap overlap = overlap(i);
        Tensor from = overlap.ofOther(other, i);
        Tensor to = overlap.ofImage(images);
        backward.add((i == 0 ? workspace.copy(from, to) : workspace.add(from, to))::run);
      }
      return;
    }
    Tensor plain = workspace.transientTensor(plainLayout(part.examples()));
    backward.add(
        workspace.copy(
                workspace.view(phasesOfOther(part.examples()), other),
                workspace.view(phasesOfPadded(part.examples()), plain))
            ::run);
    Overlap overlap = overlapOfPadded();
    backward.add(workspace.copy(overlap.ofPadded(plain), overlap.ofImage(images))::run);
  }

  private Pointer describe(long examples) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_forward_desc_init(
            description,
            workspace.purpose().forwardKind(),
            kernel.convolution(),
            factors(otherInput(examples)).descriptor(),
            weightFactors().descriptor(),
            Layout.plain(shape.filters()).descriptor(),
            images(examples, shape.filters()).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution");
    return description;
  }

  private Pointer describeWeightsGradient(long examples) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_backward_weights_desc_init(
            description,
            kernel.convolution(),
            factors(otherInput(examples)).descriptor(),
            otherWeights().anyOrder().descriptor(),
            Layout.plain(shape.filters()).descriptor(),
            factors(images(examples, shape.filters())).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution's weight gradient");
    return description;
  }

  private Pointer describeInputGradient(long examples) {
    dnnl_convolution_desc_t description = new dnnl_convolution_desc_t();
    OneDnn.check(
        dnnl.dnnl_convolution_backward_data_desc_init(
            description,
            kernel.convolution(),
            otherInputGradient(examples).descriptor(),
            weightFactors().descriptor(),
            factors(images(examples, shape.filters())).descriptor(),
            ONE,
            NO_PADDING,
            NO_PADDING),
        "describe a convolution's input gradient");
    return description;
  }
}
