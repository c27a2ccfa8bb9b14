// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_BIAS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_ITER_C;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS_ITER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS_LAYER;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.OneDnn;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Primitive;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_memory_desc_t;
import org.bytedeco.dnnl.dnnl_rnn_desc_t;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * {@link LayerSpec.Lstm}. oneDNN keeps the hidden states of all steps; the last one is copied to
 * the output, because it does not begin at an aligned address.
 */
final class CompiledLstm extends SequencedLayer {
  /** The canonical numbers of oneDNN's input gate, forget gate, candidate and output gate. */
  private static final int[] CANONICAL = {3, 1, 0, 2};

  /** The states after the last step are not needed as outputs of their own. */
  private static final dnnl_memory_desc_t NONE = null;

  private final Workspace workspace;
  private final FlatVectors vectors;
  private final ModelSpec.Placed placed;
  private final Tensor input;
  private final Reorder rows;
  private final Tensor source;
  private final Tensor states;
  private final Tensor output;
  private final Tensor kept;
  private final Tensor inputWeights;
  private final Tensor stateWeights;
  private final Tensor bias;

  /**
   * Hidden and cell state before the first step, all zero. oneDNN 2.5 also works without them, but
   * then computes the gradient by the weights of the states wrong.
   */
  private final Tensor begin;

  private final PrimitiveDescriptor operation;

  CompiledLstm(
      Workspace workspace,
      FlatVectors vectors,
      ModelSpec.Placed placed,
      LayerSpec.Lstm layer,
      Tensor input) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.placed = placed;
    this.input = input;
    long examples = input.layout().dimensions()[0];
    long steps = layer.steps(placed.input());
    long features = placed.input().width();
    long units = layer.units();
    rows = workspace.convert(input, byStep(input.layout()));
    source = workspace.view(Layout.plain(steps, examples, features), rows.to());
    states = workspace.tensor(Layout.plain(steps, examples, units));
    output = workspace.tensor(Layout.plain(examples, units));
    inputWeights = workspace.tensor(Layout.recurrent(features, units));
    stateWeights = workspace.tensor(Layout.recurrent(units, units));
    bias = workspace.tensor(Layout.plain(1, 1, CANONICAL.length, units));
    begin = workspace.tensor(Layout.plain(1, 1, examples, units));
    operation = workspace.operation(describe());
    kept = workspace.tensor(operation.workspace());
    prepareForward();
  }

  /** The order {@code [steps, examples, features]} of an image's rows or a vector's values. */
  private static Layout byStep(Layout layout) {
    long[] sizes = layout.dimensions();
    if (sizes.length == 2) {
      return Layout.strided(sizes, 1, sizes[0]);
    }
    long step = sizes[0] * sizes[3];
    return Layout.strided(sizes, sizes[3], sizes[2] * step, step, 1);
  }

  private dnnl_rnn_desc_t describe() {
    dnnl_rnn_desc_t description = new dnnl_rnn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lstm_forward_desc_init(
            description,
            dnnl.dnnl_forward_training,
            dnnl.dnnl_unidirectional_left2right,
            source.layout().descriptor(),
            begin.layout().descriptor(),
            begin.layout().descriptor(),
            inputWeights.layout().anyOrder().descriptor(),
            stateWeights.layout().anyOrder().descriptor(),
            bias.layout().descriptor(),
            states.layout().descriptor(),
            NONE,
            NONE,
            dnnl.dnnl_rnn_flags_undef),
        "describe an LSTM");
    return description;
  }

  private void prepareForward() {
    Reorder ofInput = workspace.convert(inputWeights, operation.weights(0));
    Reorder ofState = workspace.convert(stateWeights, operation.weights(1));
    Primitive primitive = workspace.compile(operation, arguments(ofInput.to(), ofState.to()));
    forward.add(rows::run);
    collect(vectors.parameters(placed, 0), inputWeights);
    collect(vectors.parameters(placed, 1), stateWeights);
    collect(vectors.parameters(placed, 2), bias);
    forward.addAll(List.of(ofInput::run, ofState::run, primitive::run));
    FloatPointer last = last(states);
    forward.add(() -> Pointer.memcpy(output.values(), last, output.layout().bytes()));
  }

  /** The first value of the last step. */
  private FloatPointer last(Tensor ofAllSteps) {
    return ofAllSteps.values().getPointer(states.layout().elements() - output.layout().elements());
  }

  /** The tensors of both passes; the forward pass writes the states, and both read the rest. */
  private Map<Integer, Tensor> arguments(Tensor ofInput, Tensor ofState) {
    return Map.of(
        DNNL_ARG_SRC_LAYER,
        source,
        DNNL_ARG_SRC_ITER,
        begin,
        DNNL_ARG_SRC_ITER_C,
        begin,
        DNNL_ARG_WEIGHTS_LAYER,
        ofInput,
        DNNL_ARG_WEIGHTS_ITER,
        ofState,
        DNNL_ARG_BIAS,
        bias,
        DNNL_ARG_DST_LAYER,
        states,
        DNNL_ARG_WORKSPACE,
        kept);
  }

  /** Adds a step to the forward pass that copies the gates in oneDNN's order. */
  private void collect(FloatPointer canonical, Tensor ours) {
    long size = ours.values().capacity() / CANONICAL.length;
    for (int gate = 0; gate < CANONICAL.length; gate++) {
      FloatPointer from = canonical.getPointer(CANONICAL[gate] * size);
      FloatPointer to = ours.values().getPointer(gate * size);
      forward.add(() -> Pointer.memcpy(to, from, size * Float.BYTES));
    }
  }

  /** Adds a step to the backward pass that copies the gates' gradients to the canonical vector. */
  private void distribute(Tensor ours, FloatPointer canonical) {
    long size = ours.values().capacity() / CANONICAL.length;
    for (int gate = 0; gate < CANONICAL.length; gate++) {
      FloatPointer from = ours.values().getPointer(gate * size);
      FloatPointer to = canonical.getPointer(CANONICAL[gate] * size);
      backward.add(() -> Pointer.memcpy(to, from, size * Float.BYTES));
    }
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    Tensor statesGradient = workspace.tensor(states.layout());
    Tensor biasGradient = workspace.tensor(bias.layout());
    PrimitiveDescriptor gradient = workspace.operation(describeBackward(), operation);
    Reorder ofInput = workspace.convert(inputWeights, gradient.weights(0));
    Reorder ofState = workspace.convert(stateWeights, gradient.weights(1));
    Reorder ofInputGradient =
        workspace.convertInto(gradient.weightsGradient(0), workspace.tensor(inputWeights.layout()));
    Reorder ofStateGradient =
        workspace.convertInto(gradient.weightsGradient(1), workspace.tensor(stateWeights.layout()));
    Reorder inputGradient =
        workspace.convertInto(byStep(input.layout()), workspace.tensor(input.layout()));
    Map<Integer, Tensor> arguments = new HashMap<>(arguments(ofInput.to(), ofState.to()));
    arguments.put(DNNL_ARG_DIFF_DST_LAYER, statesGradient);
    arguments.put(DNNL_ARG_DIFF_WEIGHTS_LAYER, ofInputGradient.from());
    arguments.put(DNNL_ARG_DIFF_WEIGHTS_ITER, ofStateGradient.from());
    arguments.put(DNNL_ARG_DIFF_BIAS, biasGradient);
    arguments.put(DNNL_ARG_DIFF_SRC_ITER, workspace.tensor(begin.layout()));
    arguments.put(DNNL_ARG_DIFF_SRC_ITER_C, workspace.tensor(begin.layout()));
    arguments.put(DNNL_ARG_DIFF_SRC_LAYER, workspace.view(source.layout(), inputGradient.from()));
    Primitive primitive = workspace.compile(gradient, arguments);
    // The gradient by all states but the last is always 0.
    FloatPointer last = last(statesGradient);
    backward.add(
        () -> Pointer.memcpy(last, outputGradient.values(), outputGradient.layout().bytes()));
    // oneDNN adds the gradients of parameters to the values in these tensors.
    for (Tensor sum : List.of(ofInputGradient.from(), ofStateGradient.from(), biasGradient)) {
      backward.add(() -> Pointer.memset(sum.values(), 0, sum.layout().bytes()));
    }
    backward.addAll(List.of(ofInput::run, ofState::run, primitive::run));
    backward.addAll(List.of(ofInputGradient::run, ofStateGradient::run));
    distribute(ofInputGradient.to(), vectors.gradients(placed, 0));
    distribute(ofStateGradient.to(), vectors.gradients(placed, 1));
    distribute(biasGradient, vectors.gradients(placed, 2));
    if (inputGradientNeeded) {
      backward.add(inputGradient::run);
    }
    return inputGradient.to();
  }

  private dnnl_rnn_desc_t describeBackward() {
    dnnl_rnn_desc_t description = new dnnl_rnn_desc_t();
    OneDnn.check(
        dnnl.dnnl_lstm_backward_desc_init(
            description,
            dnnl.dnnl_backward,
            dnnl.dnnl_unidirectional_left2right,
            source.layout().descriptor(),
            begin.layout().descriptor(),
            begin.layout().descriptor(),
            inputWeights.layout().anyOrder().descriptor(),
            stateWeights.layout().anyOrder().descriptor(),
            bias.layout().descriptor(),
            states.layout().descriptor(),
            NONE,
            NONE,
            source.layout().descriptor(),
            begin.layout().descriptor(),
            begin.layout().descriptor(),
            inputWeights.layout().anyOrder().descriptor(),
            stateWeights.layout().anyOrder().descriptor(),
            bias.layout().descriptor(),
            states.layout().descriptor(),
            NONE,
            NONE,
            dnnl.dnnl_rnn_flags_undef),
        "describe an LSTM's gradient");
    return description;
  }
}
