// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link io.stoker.models.spec.CompositeSpec.ChannelGate}. The factors differ between examples, and
 * oneDNN is fast where they differ between channels only: all channels of the batch are multiplied
 * as those of one image.
 */
final class CompiledChannelGate implements CompiledLayer {
  private final Workspace workspace;
  private final Placed placed;
  private final Tensor input;
  private final LayerChain gate;

  /** The input, row-major or in whole blocks of channels. */
  private final Joins.Arranged source;

  /** The gate's output, {@code [examples, channels]} row-major. */
  private final Joins.Arranged factors;

  private final Tensor output;
  private final Runnable scaling;
  private final List<Runnable> beforeGate = new ArrayList<>();
  private final List<Runnable> afterGate = new ArrayList<>();
  private boolean gateBackward;

  CompiledChannelGate(
      Workspace workspace,
      FlatVectors vectors,
      Placed placed,
      Tensor input,
      LayerCompiler.Fusion fusion) {
    this.workspace = workspace;
    this.placed = placed;
    this.input = input;
    gate = new LayerChain(workspace, vectors, placed.inner().get(0), input, false, fusion);
    Tensor image = workspace.asImages(input);
    int channels = placed.input().channels();
    source = Joins.arranged(workspace, image, Layout.joined(List.of(image.layout()), channels));
    factors =
        Joins.arranged(
            workspace, gate.output(), Layout.plain(image.layout().dimensions()[0], channels));
    output = workspace.transientTensor(source.tensor().layout());
    scaling = scale(source.tensor(), output);
  }

  /** Multiplies each channel by its factor. */
  private Runnable scale(Tensor images, Tensor product) {
    Layout whole = output.layout().asOneExample();
    return Joins.multiply(
        workspace,
        workspace.view(whole, images),
        workspace.view(output.layout().ofChannels(), factors.tensor()),
        workspace.view(whole, product));
  }

  @Override
  public Tensor output() {
    return output;
  }

  @Override
  public void requireInferenceGradient() {
    gate.requireInferenceGradient();
  }

  @Override
  public void timeInnerLayers(LayerTimes times) {
    gate.timeInnerLayers(times);
  }

  @Override
  public void forward(Pass pass) {
    gate.forward(pass);
    source.copy().run();
    factors.copy().run();
    scaling.run();
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    gateBackward = inputGradientNeeded || gate.learns();
    Joins.Arranged gradient = Joins.arranged(workspace, outputGradient, output.layout());
    beforeGate.add(gradient.copy());
    Tensor product = workspace.transientTensor(output.layout());
    Tensor byGate = input;
    if (gateBackward) {
      beforeGate.add(Joins.multiply(workspace, gradient.tensor(), source.tensor(), product));
      CompiledGlobalPooling mean = new CompiledGlobalPooling(workspace, placed, product);
      beforeGate.add(() -> mean.forward(Pass.INFERENCE));
      int pixels = placed.input().height() * placed.input().width();
      beforeGate.add(CompiledActivation.linear(workspace, pixels, mean.output(), mean.output()));
      byGate = gate.prepareBackward(mean.output(), inputGradientNeeded);
    }
    if (!inputGradientNeeded) {
      return input;
    }
    afterGate.add(scale(gradient.tensor(), product));
    afterGate.add(Joins.add(workspace, product, workspace.asImages(byGate)));
    Joins.Arranged byInput = Joins.arranged(workspace, product, input.layout());
    afterGate.add(byInput.copy());
    return byInput.tensor();
  }

  @Override
  public void backward(Pass pass) {
    beforeGate.forEach(Runnable::run);
    if (gateBackward) {
      gate.backward(pass);
    }
    afterGate.forEach(Runnable::run);
  }
}
