// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.CompositeSpec;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import java.util.List;

/**
 * Builds one layer of a network.
 *
 * @param memory owns the layer's tensors
 * @param vectors the network's parameters and gradients
 * @param masks of the network's dropout layers
 * @param placed the layer
 * @param overwrite whether an activation may overwrite its input
 */
record LayerBuilder(
    NetworkMemory memory,
    FlatVectors vectors,
    DropoutMasks masks,
    ModelSpec.Placed placed,
    boolean overwrite)
    implements LayerVisitor<TorchLayer> {
  TorchLayer build() {
    return placed.layer().accept(this);
  }

  @Override
  public TorchLayer visitConvolution(LayerSpec.Convolution layer) {
    Filters filters = new GroupedFilters(vectors, placed, layer);
    return new ConvolutionLayer(memory, filters, layer.window(), layer.filters(), layer.groups());
  }

  @Override
  public TorchLayer visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
    return new ConvolutionLayer(
        memory,
        new DepthwiseFilters(vectors, placed, layer),
        layer.window(),
        placed.output().channels(),
        placed.input().channels());
  }

  @Override
  public TorchLayer visitChannelPadding(LayerSpec.ChannelPadding layer) {
    return new ChannelPaddingLayer(layer.channels());
  }

  @Override
  public TorchLayer visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
    return new GlobalPoolingLayer();
  }

  @Override
  public TorchLayer visitSequence(CompositeSpec.Sequence layer) {
    return chain(placed, overwrite);
  }

  @Override
  public TorchLayer visitResidual(CompositeSpec.Residual layer) {
    List<ModelSpec.Placed> parts = placed.inner();
    return new ResidualLayer(
        chain(parts.get(0), false), chain(parts.get(1), false), chain(parts.get(2), true));
  }

  @Override
  public TorchLayer visitBranches(CompositeSpec.Branches layer) {
    return new BranchesLayer(placed.inner().stream().map(branch -> chain(branch, false)).toList());
  }

  @Override
  public TorchLayer visitChannelGate(CompositeSpec.ChannelGate layer) {
    return new ChannelGateLayer(chain(placed.inner().get(0), false));
  }

  private LayerChain chain(ModelSpec.Placed sequence, boolean mayOverwrite) {
    return new LayerChain(memory, vectors, masks, sequence.inner(), mayOverwrite);
  }

  @Override
  public TorchLayer visitPooling(LayerSpec.Pooling layer) {
    return new PoolingLayer(memory, layer);
  }

  @Override
  public TorchLayer visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return new ResponseNormalizationLayer(memory, placed.input().channels(), layer);
  }

  @Override
  public TorchLayer visitBatchNormalization(LayerSpec.BatchNormalization layer) {
    return new BatchNormalizationLayer(vectors, placed, layer);
  }

  @Override
  public TorchLayer visitActivation(LayerSpec.Activation layer) {
    return new ActivationLayer(layer.function(), overwrite);
  }

  @Override
  public TorchLayer visitScaling(LayerSpec.Scaling layer) {
    return new ScalingLayer(layer);
  }

  @Override
  public TorchLayer visitDropout(LayerSpec.Dropout layer) {
    return new DropoutLayer(masks.add(placed.index(), layer, placed.input()), layer);
  }

  @Override
  public TorchLayer visitLstm(LayerSpec.Lstm layer) {
    return new LstmLayer(vectors, placed, layer);
  }

  @Override
  public TorchLayer visitDense(LayerSpec.Dense layer) {
    return new DenseLayer(memory, vectors, placed);
  }
}
