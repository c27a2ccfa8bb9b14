// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.LayerTimes;

/** A layer whose passes are timed. It replaces the layer itself only in a profile. */
record TimedLayer(CompiledLayer layer, int index, LayerTimes times) implements CompiledLayer {
  @Override
  public Tensor output() {
    return layer.output();
  }

  @Override
  public boolean needsOutput() {
    return layer.needsOutput();
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
