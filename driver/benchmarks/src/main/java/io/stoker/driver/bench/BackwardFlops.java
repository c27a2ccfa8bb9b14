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
  public Double visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return products();
  }

  @Override
  public Double visitChannelPadding(LayerSpec.ChannelPadding layer) {
    return 0.0;
  }

  @Override
  public Double visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return inputGradient();
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

  /** The layers inside, each of which is the first if none before it has parameters. */
  private double inner() {
    double sum = 0;
    boolean firstInside = first;
    for (ModelSpec.Placed each : placed.inner()) {
      sum += each.layer().accept(new BackwardFlops(each, firstInside));
      firstInside &= each.parameters().isEmpty();
    }
    return sum;
  }

  @Override
  public Double visitSequence(LayerSpec.Sequence layer) {
    return inner();
  }

  /** The gradients by the input of body and shortcut are added. */
  @Override
  public Double visitResidual(LayerSpec.Residual layer) {
    double sum = first ? 0 : placed.input().features();
    boolean learns = false;
    for (ModelSpec.Placed part : placed.inner().subList(0, 2)) {
      sum += part.layer().accept(new BackwardFlops(part, first));
      learns |= !part.parameters().isEmpty();
    }
    ModelSpec.Placed after = placed.inner().get(2);
    return sum + after.layer().accept(new BackwardFlops(after, first && !learns));
  }

  /** The gradients by the input of all branches are added. */
  @Override
  public Double visitBranches(LayerSpec.Branches layer) {
    double sum = first ? 0 : (layer.branches().size() - 1.0) * placed.input().features();
    for (ModelSpec.Placed branch : placed.inner()) {
      sum += branch.layer().accept(new BackwardFlops(branch, first));
    }
    return sum;
  }
}
