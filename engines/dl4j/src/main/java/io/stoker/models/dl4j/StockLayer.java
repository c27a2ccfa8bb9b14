// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.CNN2DFormat;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.dropout.IDropout;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.FeedForwardLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationSwish;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;
import org.nd4j.linalg.lossfunctions.impl.LossNegativeLogLikelihood;

/**
 * Converts stock layers to layers of Stoker. It compares classes exactly, because a subclass of a
 * stock layer may compute anything.
 */
final class StockLayer {
  /** The parameters come with the network, so no initializer is ever used. */
  private static final Initializer GIVEN = new Initializer.Constant(0);

  private StockLayer() {}

  /** Whether a layer has weights. */
  static boolean learns(FeedForwardLayer layer) {
    return !(layer instanceof DropoutLayer);
  }

  /** The shape before the first layer. */
  static Shape input(List<Long> example, InputPreProcessor first) {
    int[] sizes = example.stream().mapToInt(Math::toIntExact).toArray();
    if (sizes.length == 3) {
      return new Shape(sizes[1], sizes[2], sizes[0]);
    }
    Check.input(sizes.length == 1, "examples of shape %s", example);
    return first instanceof FeedForwardToCnnPreProcessor image
        ? shape(image.getInputHeight(), image.getInputWidth(), image.getNumChannels())
        : Shape.vector(sizes[0]);
  }

  private static Shape shape(long height, long width, long channels) {
    return new Shape(Math.toIntExact(height), Math.toIntExact(width), Math.toIntExact(channels));
  }

  /** Collects the converted layers. */
  static final class Chain {
    private final Shape input;
    private final List<LayerSpec> layers = new ArrayList<>();
    private Shape shape;

    Chain(Shape input) {
      this.input = input;
      this.shape = input;
    }

    ModelSpec model(String name) {
      return new ModelSpec(name, input, layers);
    }

    void append(Layer layer, InputPreProcessor before) {
      requireOrderOnly(before);
      appendDropout(layer.getIDropout());
      Class<?> kind = layer.getClass();
      if (kind == ConvolutionLayer.class) {
        appendConvolution((ConvolutionLayer) layer);
      } else if (kind == SubsamplingLayer.class) {
        appendPooling((SubsamplingLayer) layer);
      } else if (kind == DenseLayer.class) {
        DenseLayer dense = (DenseLayer) layer;
        Check.input(dense.isHasBias() && !dense.isHasLayerNorm(), "a dense layer without bias");
        appendDense(dense);
        appendActivation(dense.getActivationFn());
      } else if (kind == OutputLayer.class) {
        appendOutput((OutputLayer) layer);
      } else if (kind == BatchNormalization.class) {
        appendBatchNormalization((BatchNormalization) layer);
      } else if (kind == LocalResponseNormalization.class) {
        appendNormalization((LocalResponseNormalization) layer);
      } else if (kind == ActivationLayer.class) {
        appendActivation(((ActivationLayer) layer).getActivationFn());
      } else if (kind != DropoutLayer.class) {
        throw new InputException("layer of type " + kind.getSimpleName());
      }
    }

    private void add(LayerSpec layer) {
      layers.add(layer);
      shape = layer.outputShape(shape);
    }

    /** Makes sure that a preprocessor changes only the shape, and neither values nor order. */
    private void requireOrderOnly(InputPreProcessor before) {
      if (before == null) {
        return;
      }
      Shape image;
      if (before.getClass() == CnnToFeedForwardPreProcessor.class) {
        CnnToFeedForwardPreProcessor flat = (CnnToFeedForwardPreProcessor) before;
        Check.input(flat.getFormat() == CNN2DFormat.NCHW, "images of format NHWC");
        return;
      } else if (before.getClass() == FeedForwardToCnnPreProcessor.class) {
        FeedForwardToCnnPreProcessor cnn = (FeedForwardToCnnPreProcessor) before;
        image = shape(cnn.getInputHeight(), cnn.getInputWidth(), cnn.getNumChannels());
      } else {
        throw new InputException("preprocessor " + before.getClass().getSimpleName());
      }
      Check.input(image.equals(shape), "a vector that becomes an image of another shape");
    }

    private void appendDropout(IDropout dropout) {
      if (dropout == null) {
        return;
      }
      Check.input(
          dropout instanceof Dropout plain && plain.getPSchedule() == null,
          "dropout of type %s",
          dropout.getClass().getSimpleName());
      double kept = ((Dropout) dropout).getP();
      if (kept > 0 && kept < 1) {
        add(new LayerSpec.Dropout((float) (1 - kept)));
      }
    }

    private void appendConvolution(ConvolutionLayer layer) {
      Check.input(layer.getCnn2dDataFormat() == CNN2DFormat.NCHW, "images of format NHWC");
      Check.input(
          layer.getNIn() == shape.channels(),
          "a convolution of %d channels over images of %s",
          layer.getNIn(),
          shape);
      Window window =
          window(
              layer.getKernelSize(),
              layer.getStride(),
              layer.getDilation(),
              layer.getPadding(),
              layer.getConvolutionMode());
      LayerSpec.Convolution convolution =
          new LayerSpec.Convolution(Math.toIntExact(layer.getNOut()), window, 1, GIVEN, 0);
      add(layer.isHasBias() ? convolution : convolution.withoutBias());
      appendActivation(layer.getActivationFn());
    }

    private void appendPooling(SubsamplingLayer layer) {
      Check.input(layer.getCnn2dDataFormat() == CNN2DFormat.NCHW, "images of format NHWC");
      Check.input(
          layer.getPoolingType() == PoolingType.MAX || layer.getPoolingType() == PoolingType.AVG,
          "pooling of type %s",
          layer.getPoolingType());
      Window window =
          window(
              layer.getKernelSize(),
              layer.getStride(),
              layer.getDilation(),
              layer.getPadding(),
              layer.getConvolutionMode());
      boolean maximum = layer.getPoolingType() == PoolingType.MAX;
      Check.input(
          maximum || window.padding().equals(Padding.NONE) || layer.isAvgPoolIncludePadInDivisor(),
          "averages that leave out the padding");
      add(
          new LayerSpec.Pooling(
              maximum ? LayerSpec.Pooling.Kind.MAXIMUM : LayerSpec.Pooling.Kind.AVERAGE, window));
    }

    private Window window(
        int[] kernel, int[] stride, int[] dilation, int[] padding, ConvolutionMode mode) {
      Check.input(
          isSquare(kernel) && isSquare(stride) && isSquare(dilation) && isSquare(padding),
          "windows that are not square");
      Check.input(mode != ConvolutionMode.Causal, "convolution mode %s", mode);
      Window window = new Window(kernel[0], stride[0], dilation[0], Padding.of(padding[0]));
      return mode == ConvolutionMode.Same ? window.covering(shape) : window;
    }

    private static boolean isSquare(int[] sides) {
      return sides.length == 2 && sides[0] == sides[1];
    }

    private void appendDense(FeedForwardLayer layer) {
      Check.input(
          layer.getNIn() == shape.features(),
          "a dense layer of %d inputs after %s",
          layer.getNIn(),
          shape);
      add(new LayerSpec.Dense(Math.toIntExact(layer.getNOut()), GIVEN, 0));
    }

    private void appendOutput(OutputLayer layer) {
      Class<?> loss = layer.getLossFn().getClass();
      Check.input(
          loss == LossMCXENT.class || loss == LossNegativeLogLikelihood.class,
          "loss %s",
          loss.getSimpleName());
      Check.input(
          ((LossMCXENT) layer.getLossFn()).getWeights() == null, "a loss that weighs classes");
      Check.input(
          layer.getActivationFn().getClass() == ActivationSoftmax.class,
          "an output of %s",
          layer.getActivationFn());
      Check.input(layer.isHasBias(), "an output layer without bias");
      appendDense(layer);
    }

    private void appendBatchNormalization(BatchNormalization layer) {
      Check.input(
          layer.isUseLogStd() && !layer.isLockGammaBeta() && layer.isMinibatch(),
          "batch normalization of another kind (useLogStd, lockGammaBeta, minibatch)");
      Check.input(
          shape.isVector() || layer.getCnn2DFormat() == CNN2DFormat.NCHW, "images of format NHWC");
      add(new LayerSpec.BatchNormalization((float) layer.getEps(), (float) layer.getDecay()));
    }

    private void appendNormalization(LocalResponseNormalization layer) {
      Check.input(layer.getDataFormat() == CNN2DFormat.NCHW, "images of format NHWC");
      add(
          new LayerSpec.LocalResponseNormalization(
              (int) layer.getN(),
              (float) layer.getK(),
              (float) layer.getAlpha(),
              (float) layer.getBeta()));
    }

    private void appendActivation(IActivation function) {
      Class<?> kind = function.getClass();
      if (kind == ActivationIdentity.class) {
        return;
      }
      ActivationFunction counterpart;
      if (kind == ActivationReLU.class && function.equals(new ActivationReLU())) {
        counterpart = ActivationFunction.RELU;
      } else if (kind == ActivationSigmoid.class) {
        counterpart = ActivationFunction.SIGMOID;
      } else if (kind == ActivationTanH.class) {
        counterpart = ActivationFunction.TANH;
      } else if (kind == ActivationSwish.class) {
        counterpart = ActivationFunction.SILU;
      } else if (function instanceof ActivationLReLU leaky
          && (float) leaky.getAlpha() == ActivationFunction.LEAK) {
        counterpart = ActivationFunction.LEAKY_RELU;
      } else {
        throw new InputException("activation " + function);
      }
      add(new LayerSpec.Activation(counterpart));
    }
  }
}
