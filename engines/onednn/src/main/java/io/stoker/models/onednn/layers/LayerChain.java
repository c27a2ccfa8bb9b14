// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.List;

/**
 * Layers one after the other inside of a layer: the body of a residual block, a branch, or a {@link
 * io.stoker.models.spec.CompositeSpec.Sequence}. Without layers, the input is the output.
 */
final class LayerChain implements CompiledLayer {
  private final Workspace workspace;
  private final FlatVectors vectors;
  private final Tensor input;
  private final List<Placed> placed;
  private final List<CompiledLayer> layers;

  /** Brings the gradient by the output into the output's order. */
  private Runnable arrangeGradient = () -> {};

  /** The layers from this one on have a backward pass. */
  private int firstBackward;

  /**
   * @param part the sequence at its place
   * @param overwrite whether the first layer may overwrite the input
   */
  LayerChain(
      Workspace workspace,
      FlatVectors vectors,
      Placed part,
      Tensor input,
      boolean overwrite,
      LayerCompiler.Fusion fusion) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.input = input;
    placed = part.inner();
    layers = LayerCompiler.chain(workspace, vectors, placed, input, overwrite, fusion);
  }

  boolean isIdentity() {
    return layers.isEmpty();
  }

  private CompiledLayer last() {
    return layers.get(layers.size() - 1);
  }

  @Override
  public Tensor output() {
    return isIdentity() ? input : last().output();
  }

  @Override
  public boolean needsOutput() {
    return !isIdentity() && last().needsOutput();
  }

  @Override
  public boolean overwritesOutputGradient() {
    return !isIdentity() && last().overwritesOutputGradient();
  }

  /** Whether there is a layer with parameters that are not frozen. */
  boolean learns() {
    return firstLearning() < placed.size();
  }

  @Override
  public void requireInferenceGradient() {
    layers.forEach(CompiledLayer::requireInferenceGradient);
  }

  @Override
  public void timeInnerLayers(LayerTimes times) {
    TimedLayer.replace(layers, placed, times);
  }

  @Override
  public void forward(Pass pass) {
    for (int i = 0; i < layers.size(); i++) {
      layers.get(i).forward(pass);
    }
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    firstBackward = inputGradientNeeded ? 0 : firstLearning();
    // Where ways meet, the gradient has the order of another way.
    Joins.Arranged arranged = Joins.arranged(workspace, outputGradient, output().layout());
    arrangeGradient = arranged.copy();
    Tensor gradient = arranged.tensor();
    for (int i = layers.size() - 1; i >= firstBackward; i--) {
      boolean needed = inputGradientNeeded || i > firstBackward;
      int moment = workspace.moment();
      Tensor byInput = layers.get(i).prepareBackward(gradient, needed);
      workspace.endAllSince(moment, byInput);
      // The caller's gradient is the caller's to end.
      if (!byInput.sharesMemoryWith(gradient) && !gradient.sharesMemoryWith(outputGradient)) {
        workspace.end(gradient);
      }
      gradient = byInput;
    }
    return gradient;
  }

  /** Layers before the first that learns have no gradient to compute. */
  private int firstLearning() {
    int first = 0;
    while (first < placed.size() && !vectors.learns(placed.get(first))) {
      first++;
    }
    return first;
  }

  @Override
  public void backward(Pass pass) {
    arrangeGradient.run();
    for (int i = layers.size() - 1; i >= firstBackward; i--) {
      layers.get(i).backward(pass);
    }
  }
}
