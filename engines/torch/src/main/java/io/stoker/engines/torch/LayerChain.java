// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.ModelSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Tensor;

/** Layers one after the other: those of a network, of a branch, or of a part of a block. */
final class LayerChain implements TorchLayer {
  /** Called after each pass of a layer. */
  interface Timer {
    /**
     * Notes a pass.
     *
     * @param layer the layer's number in the chain
     * @param start the time before the pass, by {@link System#nanoTime}
     */
    void passed(int layer, long start);
  }

  private final List<TorchLayer> layers = new ArrayList<>();

  /**
   * @param placed the layers
   * @param overwrite whether the first layer may overwrite the chain's input
   */
  LayerChain(
      NetworkMemory memory,
      FlatVectors vectors,
      DropoutMasks masks,
      List<ModelSpec.Placed> placed,
      boolean overwrite) {
    for (ModelSpec.Placed each : placed) {
      boolean may = layers.isEmpty() ? overwrite : !layers.get(layers.size() - 1).needsOutput();
      layers.add(new LayerBuilder(memory, vectors, masks, each, may).build());
    }
  }

  int size() {
    return layers.size();
  }

  boolean isEmpty() {
    return layers.isEmpty();
  }

  @Override
  public Tensor forward(Tensor input, Pass pass) {
    return forward(input, 0, layers.size(), pass, Optional.empty());
  }

  /** Runs some of the layers. */
  Tensor forward(Tensor input, int from, int to, Pass pass, Optional<Timer> timer) {
    Tensor activations = input;
    for (int i = from; i < to; i++) {
      long start = System.nanoTime();
      activations = layers.get(i).forward(activations, pass);
      if (timer.isPresent()) {
        timer.get().passed(i, start);
      }
    }
    return activations;
  }

  @Override
  public Tensor backward(Tensor outputGradient, Pass pass, boolean inputNeeded) {
    int to = 0;
    while (!inputNeeded && to < layers.size() && !layers.get(to).learns()) {
      to++;
    }
    return backward(outputGradient, to, pass, inputNeeded, Optional.empty());
  }

  /**
   * Runs the backward passes of the layers from the last down to one.
   *
   * @param to the number of the last layer to run
   * @param inputNeeded whether the gradient by the input of that layer is needed
   * @return the gradient by the input of that layer
   */
  Tensor backward(
      Tensor outputGradient, int to, Pass pass, boolean inputNeeded, Optional<Timer> timer) {
    Tensor gradient = outputGradient;
    for (int i = layers.size() - 1; i >= to; i--) {
      long start = System.nanoTime();
      gradient = layers.get(i).backward(gradient, pass, i > to || inputNeeded);
      if (timer.isPresent()) {
        timer.get().passed(i, start);
      }
    }
    return gradient;
  }

  /** An empty chain's output is its input, which belongs to another layer. */
  @Override
  public boolean needsOutput() {
    return layers.isEmpty() || layers.get(layers.size() - 1).needsOutput();
  }

  @Override
  public boolean learns() {
    return layers.stream().anyMatch(TorchLayer::learns);
  }
}
