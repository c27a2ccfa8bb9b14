// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WORKSPACE;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.PrimitiveDescriptor;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.javacpp.Pointer;

/**
 * A layer without parameters that computes each value from several values of its input: pooling or
 * normalization. Its forward pass stores what the backward pass needs, such as the places of the
 * maxima, in a tensor of its own.
 */
abstract class WindowLayer extends SequencedLayer {
  private final Workspace workspace;
  private final Tensor input;
  private final PrimitiveDescriptor operation;
  private final Tensor output;
  private final Map<Integer, Tensor> kept = new HashMap<>();

  /**
   * @param operation the forward pass
   * @param input the layer's input
   */
  WindowLayer(Workspace workspace, PrimitiveDescriptor operation, Tensor input) {
    this.workspace = workspace;
    this.input = input;
    this.operation = operation;
    output = workspace.transientTensor(operation.destination());
    if (operation.workspace().bytes() > 0) {
      kept.put(DNNL_ARG_WORKSPACE, workspace.tensor(operation.workspace()));
    }
    Map<Integer, Tensor> tensors = new HashMap<>(kept);
    tensors.put(DNNL_ARG_SRC, input);
    tensors.put(DNNL_ARG_DST, output);
    forward.add(workspace.compile(operation, tensors)::run);
  }

  /** Describes the backward pass. */
  abstract Pointer describeGradient(Layout source, Layout outputGradient);

  /** What the forward pass stores for the backward pass; null if it stores nothing. */
  final Tensor stored() {
    return kept.get(DNNL_ARG_WORKSPACE);
  }

  /** The chosen implementation of the forward pass. */
  final PrimitiveDescriptor operation() {
    return operation;
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    Tensor inputGradient = workspace.transientTensor(input.layout());
    backward.add(gradientStep(outputGradient, inputGradient));
    return inputGradient;
  }

  /** What computes the gradient by the input from that by the output. */
  Runnable gradientStep(Tensor outputGradient, Tensor inputGradient) {
    Map<Integer, Tensor> tensors = new HashMap<>(kept);
    tensors.put(DNNL_ARG_SRC, input);
    tensors.put(DNNL_ARG_DIFF_DST, outputGradient);
    tensors.put(DNNL_ARG_DIFF_SRC, inputGradient);
    Pointer description = describeGradient(input.layout(), outputGradient.layout());
    return workspace.compile(workspace.operation(description, operation), tensors)::run;
  }
}
