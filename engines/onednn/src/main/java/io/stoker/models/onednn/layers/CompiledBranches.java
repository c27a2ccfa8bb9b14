// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link io.stoker.models.spec.CompositeSpec.Branches}. Each branch's output is copied into its
 * channels of the whole, and back come the channels of the gradient.
 */
final class CompiledBranches implements CompiledLayer {
  private final Workspace workspace;
  private final Tensor output;
  private final List<LayerChain> branches = new ArrayList<>();
  private final List<Runnable> gather = new ArrayList<>();

  /** Brings the gradient into the output's order. */
  private Runnable arrangeGradient = () -> {};

  private final List<Backward> backward = new ArrayList<>();
  private final List<Runnable> sums = new ArrayList<>();

  /**
   * The backward pass of a branch.
   *
   * @param scatter brings the branch its part of the gradient
   */
  private record Backward(Reorder scatter, LayerChain branch) {}

  CompiledBranches(
      Workspace workspace,
      FlatVectors vectors,
      Placed placed,
      Tensor input,
      LayerCompiler.Fusion fusion) {
    this.workspace = workspace;
    for (Placed branch : placed.inner()) {
      branches.add(new LayerChain(workspace, vectors, branch, input, false, fusion));
    }
    output = workspace.transientTensor(Layout.joined(layouts(), placed.output().channels()));
    int channel = 0;
    for (LayerChain branch : branches) {
      Tensor part = workspace.asImages(branch.output());
      Tensor slot = workspace.channels(output, channel, part.layout().dimensions()[1]);
      gather.add(workspace.copy(part, slot)::run);
      channel += (int) part.layout().dimensions()[1];
    }
  }

  private List<Layout> layouts() {
    return branches.stream().map(branch -> workspace.asImages(branch.output()).layout()).toList();
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void requireInferenceGradient() {
    branches.forEach(LayerChain::requireInferenceGradient);
  }

  @Override
  public void timeInnerLayers(LayerTimes times) {
    branches.forEach(branch -> branch.timeInnerLayers(times));
  }

  @Override
  public void forward(Pass pass) {
    for (int i = 0; i < branches.size(); i++) {
      branches.get(i).forward(pass);
    }
    gather.forEach(Runnable::run);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    Joins.Arranged whole = Joins.arranged(workspace, outputGradient, output.layout());
    arrangeGradient = whole.copy();
    List<Tensor> byBranches = new ArrayList<>();
    int channel = 0;
    for (LayerChain branch : branches) {
      Tensor part = workspace.asImages(branch.output());
      long channels = part.layout().dimensions()[1];
      if (inputGradientNeeded || branch.learns()) {
        Tensor own = workspace.transientTensor(branch.output().layout());
        Tensor slot = workspace.channels(whole.tensor(), channel, channels);
        backward.add(new Backward(workspace.copy(slot, workspace.asImages(own)), branch));
        Tensor byBranch = branch.prepareBackward(own, inputGradientNeeded);
        byBranches.add(byBranch);
      }
      channel += (int) channels;
    }
    if (!inputGradientNeeded) {
      return outputGradient;
    }
    Tensor inputGradient = byBranches.get(0);
    byBranches.stream()
        .skip(1)
        .forEach(other -> sums.add(Joins.add(workspace, inputGradient, other)));
    return inputGradient;
  }

  @Override
  public void backward(Pass pass) {
    arrangeGradient.run();
    for (int i = 0; i < backward.size(); i++) {
      backward.get(i).scatter().run();
      backward.get(i).branch().backward(pass);
    }
    sums.forEach(Runnable::run);
  }
}
