// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ModelSpec.Placed;
import java.util.List;

/** A layer whose passes are timed. It replaces the layer itself only in a profile. */
record TimedLayer(CompiledLayer layer, int index, LayerTimes times) implements CompiledLayer {
  /** Puts timed layers in the place of layers, and of those inside of them. */
  static void replace(List<CompiledLayer> layers, List<Placed> placed, LayerTimes times) {
    for (int i = 0; i < layers.size(); i++) {
      CompiledLayer layer = layers.get(i);
      layer.timeInnerLayers(times);
      layers.set(i, new TimedLayer(layer, placed.get(i).index(), times));
    }
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
  public boolean overwritesOutputGradient() {
    return layer.overwritesOutputGradient();
  }

  @Override
  public void requireInferenceGradient() {
    layer.requireInferenceGradient();
  }

  @Override
  public void forward(Pass pass) {
    long start = System.nanoTime();
    layer.forward(pass);
    times.addForward(index, System.nanoTime() - start);
  }

  @Override
  public Tensor prepareBackward(Tensor outputGradient, boolean inputGradientNeeded) {
    return layer.prepareBackward(outputGradient, inputGradientNeeded);
  }

  @Override
  public void backward(Pass pass) {
    long start = System.nanoTime();
    layer.backward(pass);
    times.addBackward(index, System.nanoTime() - start);
  }
}
