// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;

/**
 * Builds one layer of a network.
 *
 * @param place owns the layer's tensors
 * @param vectors the network's parameters and gradients
 * @param placed the layer
 * @param batchCapacity the largest number of examples of a call
 * @param overwrite whether an activation may overwrite its input
 */
record LayerBuilder(
    Place place,
    FlatVectors vectors,
    ModelSpec.Placed placed,
    int batchCapacity,
    boolean overwrite)
    implements LayerVisitor<TorchLayer> {
  TorchLayer build() {
    return placed.layer().accept(this);
  }

  @Override
  public TorchLayer visitConvolution(LayerSpec.Convolution layer) {
    return new ConvolutionLayer(vectors, placed, layer);
  }

  @Override
  public TorchLayer visitPooling(LayerSpec.Pooling layer) {
    return new PoolingLayer(place, layer);
  }

  @Override
  public TorchLayer visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
    return new ResponseNormalizationLayer(place, placed.input().channels(), layer);
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
  public TorchLayer visitDropout(LayerSpec.Dropout layer) {
    return new DropoutLayer(place, placed.index(), layer, placed.input().features(), batchCapacity);
  }

  @Override
  public TorchLayer visitLstm(LayerSpec.Lstm layer) {
    return new LstmLayer(vectors, placed, layer);
  }

  @Override
  public TorchLayer visitDense(LayerSpec.Dense layer) {
    return new DenseLayer(vectors, placed);
  }
}
