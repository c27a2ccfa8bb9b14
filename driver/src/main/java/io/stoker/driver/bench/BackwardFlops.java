// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;

/**
 * Counts the floating-point operations of a layer's backward pass over one example.
 *
 * @param placed the layer
 * @param first whether no layer before it has parameters; then the pass leaves out the gradient by
 *     the layer's input
 */
record BackwardFlops(ModelSpec.Placed placed, boolean first) implements LayerVisitor<Double> {
  /** The gradients by weights and by input are two products, each as large as the one forward. */
  private double products() {
    return (first ? 1.0 : 2.0) * placed.flops();
  }

  /** The gradient by the input of a layer without parameters. */
  private double inputGradient() {
    return first ? 0 : placed.flops();
  }

  @Override
  public Double visitConvolution(LayerSpec.Convolution layer) {
    return products();
  }

  @Override
  public Double visitPooling(LayerSpec.Pooling layer) {
    return inputGradient();
  }

  @Override
  public Double visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return inputGradient();
  }

  /** One pass over the values computes all gradients. */
  @Override
  public Double visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return (double) placed.flops();
  }

  @Override
  public Double visitActivation(LayerSpec.Activation layer) {
    return inputGradient();
  }

  @Override
  public Double visitDropout(LayerSpec.Dropout layer) {
    return inputGradient();
  }

  @Override
  public Double visitLstm(LayerSpec.Lstm layer) {
    return products();
  }

  @Override
  public Double visitDense(LayerSpec.Dense layer) {
    return products();
  }
}
