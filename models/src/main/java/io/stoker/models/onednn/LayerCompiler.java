// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;

/**
 * Compiles one layer for one batch size.
 *
 * @param workspace owns the layer's tensors
 * @param vectors the network's parameters and gradients
 * @param placed the layer
 * @param input the output of the layer before, or the images
 * @param overwrite whether an activation may overwrite its input
 */
record LayerCompiler(
    Workspace workspace,
    FlatVectors vectors,
    ModelSpec.Placed placed,
    Tensor input,
    boolean overwrite)
    implements LayerVisitor<CompiledLayer> {
  CompiledLayer compile() {
    return placed.layer().accept(this);
  }

  @Override
  public CompiledLayer visitConvolution(LayerSpec.Convolution layer) {
    return new CompiledConvolution(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return new CompiledConvolution(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitPooling(LayerSpec.Pooling layer) {
    return new CompiledPooling(workspace, placed, layer, input);
  }

  @Override
  public CompiledLayer visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return new CompiledGlobalPooling(workspace, placed, input);
  }

  @Override
  public CompiledLayer visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return new CompiledResponseNormalization(workspace, layer, input);
  }

  @Override
  public CompiledLayer visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return new CompiledBatchNormalization(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitActivation(LayerSpec.Activation layer) {
    return new CompiledActivation(workspace, layer.function(), input, overwrite);
  }

  @Override
  public CompiledLayer visitDropout(LayerSpec.Dropout layer) {
    return new CompiledDropout(workspace, placed.index(), layer, input);
  }

  @Override
  public CompiledLayer visitLstm(LayerSpec.Lstm layer) {
    return new CompiledLstm(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitDense(LayerSpec.Dense layer) {
    return new CompiledDense(workspace, vectors, placed, layer, input);
  }

  @Override
  public CompiledLayer visitSequence(LayerSpec.Sequence layer) {
    return new CompiledSequence(workspace, vectors, placed, input, overwrite);
  }

  @Override
  public CompiledLayer visitResidual(LayerSpec.Residual layer) {
    return new CompiledResidual(workspace, vectors, placed, input);
  }

  @Override
  public CompiledLayer visitBranches(LayerSpec.Branches layer) {
    return new CompiledBranches(workspace, vectors, placed, input);
  }
}
