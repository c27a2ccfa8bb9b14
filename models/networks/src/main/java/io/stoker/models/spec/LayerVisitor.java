// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.spec;

/**
 * One case for each kind of layer. Code that treats layers of different kinds differently
 * implements this interface and calls {@link LayerSpec#accept}. A new kind of layer adds a method
 * here, and then no visitor compiles until it has a case for it. A chain of type tests would skip
 * the new layer without a word. Type tests are for questions whose answer for any new kind is
 * known, such as whether a layer is a convolution, or where a kind without a case ends in an
 * exception.
 *
 * <p>What a case needs to know besides the layer, such as its place in the model or its input, is a
 * field of the visitor. The case of a layer that consists of layers calls {@code accept} on the
 * inner layers, with this visitor or with one for their places ({@link ModelSpec.Placed#inner}).
 *
 * @param <R> what a case returns
 */
public interface LayerVisitor<R> {
  R visitConvolution(LayerSpec.Convolution layer);

  R visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer);

  R visitPooling(LayerSpec.Pooling layer);

  R visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer);

  R visitChannelPadding(LayerSpec.ChannelPadding layer);

  R visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer);

  R visitBatchNormalization(LayerSpec.BatchNormalization layer);

  R visitActivation(LayerSpec.Activation layer);

  R visitScaling(LayerSpec.Scaling layer);

  R visitDropout(LayerSpec.Dropout layer);

  R visitLstm(LayerSpec.Lstm layer);

  R visitDense(LayerSpec.Dense layer);

  R visitSequence(CompositeSpec.Sequence layer);

  R visitResidual(CompositeSpec.Residual layer);

  R visitBranches(CompositeSpec.Branches layer);

  R visitChannelGate(CompositeSpec.ChannelGate layer);
}
