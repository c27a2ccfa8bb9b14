// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.ModelSpec.Placed;

/** A layer whose input an observer sees before the layer reads it; in inference only. */
final class ObservedLayer implements CompiledLayer {
  private final CompiledLayer layer;
  private final Runnable show;

  ObservedLayer(Workspace workspace, Placed placed, Tensor input, CompiledLayer layer) {
    this.layer = layer;
    Reorder plain = workspace.convert(input, Layout.plain(input.layout().dimensions()));
    int values = Math.toIntExact(input.layout().elements());
    show =
        () -> {
          plain.run();
          workspace.observer().observe(placed.path(), plain.to().buffer().slice(0, values));
        };
  }

  @Override
  public Tensor output() {
    return layer.output();
  }

  @Override
  public boolean needsOutput() {
    return layer.needsOutput();
  }

  @Override
  public boolean needsInput() {
    return layer.needsInput();
  }

  @Override
  public void forward(Pass pass) {
    show.run();
    layer.forward(pass);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    throw new IllegalStateException("An observed network has no gradients");
  }

  @Override
  public void backward(Pass pass) {
    throw new IllegalStateException("An observed network has no gradients");
  }
}
