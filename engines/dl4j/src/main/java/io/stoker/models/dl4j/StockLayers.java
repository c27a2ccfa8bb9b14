// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Window;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.dropout.SpatialDropout;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DepthwiseConvolution2D;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/** Deeplearning4j's layers, one of a layer of a model, whatever is around it in the graph. */
final class StockLayers {
  private StockLayers() {}

  static SubsamplingLayer pooling(LayerSpec.Pooling pool) {
    PoolingType type =
        switch (pool.kind()) {
          case MAXIMUM -> PoolingType.MAX;
          case AVERAGE -> PoolingType.AVG;
        };
    SubsamplingLayer.Builder builder =
        new SubsamplingLayer.Builder(type)
            .kernelSize(pool.window().kernel(), pool.window().kernel())
            .stride(pool.window().stride(), pool.window().stride())
            .avgPoolIncludePadInDivisor(true);
    Padding padding = pool.window().padding();
    if (padding.isEven()) {
      builder.padding(padding.top(), padding.left());
    } else {
      builder.convolutionMode(ConvolutionMode.Same);
    }
    return builder.build();
  }

  static LocalResponseNormalization normalization(
      Placed placed, LayerSpec.LocalResponseNormalization lrn) {
    // Deeplearning4j fails on neighbours that no channel has; the sum is the same without them.
    int size = Math.min(lrn.size(), 2 * placed.input().channels() - 1);
    return new LocalResponseNormalization.Builder(
            Decimal.of(lrn.k()), Decimal.of(lrn.alpha()), Decimal.of(lrn.beta()))
        .n(size)
        .build();
  }

  static BatchNormalization batchNormalization(
      Placed placed, LayerSpec.BatchNormalization normalization) {
    BatchNormalization layer =
        new BatchNormalization.Builder()
            .eps(Decimal.of(normalization.epsilon()))
            .decay(Decimal.of(normalization.decay()))
            .useLogStd(true)
            .build();
    layer.setNIn(placed.input().channels());
    layer.setNOut(placed.input().channels());
    return layer;
  }

  /** Deeplearning4j's probability is the probability that a value is kept. */
  static DropoutLayer dropout(double kept) {
    return new DropoutLayer.Builder(kept).build();
  }

  /** Drops or keeps all values of a channel. */
  static DropoutLayer dropoutOfChannels(double kept) {
    return new DropoutLayer.Builder(new SpatialDropout(kept)).build();
  }

  static Layer lstm(Placed placed, LayerSpec.Lstm lstm) {
    LSTM layer =
        new LSTM.Builder()
            .nIn(placed.input().width())
            .nOut(lstm.units())
            .activation(new ActivationTanH())
            .gateActivationFunction(new ActivationSigmoid())
            .forgetGateBiasInit(Decimal.of(lstm.forgetBias()))
            .dataFormat(RNNFormat.NWC)
            .build();
    StockInitialization.apply(layer, placed);
    layer.setBiasInit(0);
    return new LastTimeStep(layer);
  }

  /**
   * A convolution, or one group of one.
   *
   * @param padding the same on all sides
   */
  static ConvolutionLayer convolution(
      Placed placed, LayerSpec.Convolution conv, int padding, IActivation activation) {
    Window window = conv.window();
    ConvolutionLayer layer =
        new ConvolutionLayer.Builder(window.kernel(), window.kernel())
            .stride(window.stride(), window.stride())
            .dilation(window.dilation(), window.dilation())
            .padding(padding, padding)
            .hasBias(conv.biased())
            .build();
    int channels = placed.input().channels() / conv.groups();
    return weighted(layer, placed, channels, conv.filters() / conv.groups(), activation);
  }

  static DepthwiseConvolution2D depthwise(
      Placed placed, LayerSpec.DepthwiseConvolution conv, int padding, IActivation activation) {
    Window window = conv.window();
    DepthwiseConvolution2D layer =
        new DepthwiseConvolution2D.Builder(window.kernel(), window.kernel())
            .stride(window.stride(), window.stride())
            .padding(padding, padding)
            .depthMultiplier(conv.multiplier())
            .hasBias(conv.biased())
            .build();
    return weighted(
        layer, placed, placed.input().channels(), placed.output().channels(), activation);
  }

  static DenseLayer dense(Placed placed, IActivation activation) {
    return weighted(
        new DenseLayer(),
        placed,
        placed.input().features(),
        placed.output().features(),
        activation);
  }

  /** The last dense layer, with softmax and loss. */
  static OutputLayer output(Placed placed) {
    OutputLayer layer = new OutputLayer();
    layer.setLossFn(new LossMCXENT());
    return weighted(
        layer,
        placed,
        placed.input().features(),
        placed.output().features(),
        new ActivationSoftmax());
  }

  /** Softmax and loss alone. */
  static LossLayer loss() {
    LossLayer layer = new LossLayer.Builder(new LossMCXENT()).build();
    layer.setActivationFn(new ActivationSoftmax());
    return layer;
  }

  private static <T extends FeedForwardLayer> T weighted(
      T layer, Placed placed, int inputs, int outputs, IActivation activation) {
    layer.setNIn(inputs);
    layer.setNOut(outputs);
    StockInitialization.apply(layer, placed);
    layer.setActivationFn(activation);
    return layer;
  }
}
