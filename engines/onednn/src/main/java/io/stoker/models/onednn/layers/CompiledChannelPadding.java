// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.List;

/**
 * {@link io.stoker.models.spec.LayerSpec.ChannelPadding}. The input is copied into its channels of
 * the output, whose others stay zero; back come the input's channels of the gradient.
 */
final class CompiledChannelPadding extends SequencedLayer {
  private final Workspace workspace;
  private final Tensor source;
  private final long channels;
  private final Tensor output;

  CompiledChannelPadding(Workspace workspace, Placed placed, Tensor source) {
    this.workspace = workspace;
    this.source = source;
    channels = placed.input().channels();
    Tensor image = workspace.asImages(source);
    // Not transient: no pass writes the zeros again.
    output = workspace.tensor(Layout.joined(List.of(image.layout()), placed.output().channels()));
    forward.add(workspace.copy(image, workspace.channels(output, 0, channels))::run);
  }

  @Override
  public Tensor output() {
    return output;
  }

  /** The next layer must not overwrite the zeros. */
  @Override
  public boolean needsOutput() {
    return true;
  }

  @Override
  public boolean needsInput() {
    return false;
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    if (!inputGradientNeeded) {
      return source;
    }
    Joins.Arranged whole = Joins.arranged(workspace, outputGradient, output.layout());
    backward.add(whole.copy());
    Tensor inputGradient = workspace.transientTensor(source.layout());
    Tensor part = workspace.channels(whole.tensor(), 0, channels);
    backward.add(workspace.copy(part, workspace.asImages(inputGradient))::run);
    return inputGradient;
  }
}
