package io.stoker.models.dl4j;

import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.distribution.NormalDistribution;
import org.deeplearning4j.nn.conf.distribution.UniformDistribution;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LocalResponseNormalization;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.SubsamplingLayer;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.deeplearning4j.nn.weights.WeightInitConstant;
import org.deeplearning4j.nn.weights.WeightInitDistribution;
import org.deeplearning4j.nn.weights.WeightInitRelu;
import org.deeplearning4j.nn.weights.WeightInitXavierUniform;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationLReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationReLU6;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;
import org.nd4j.linalg.activations.impl.ActivationTanH;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.impl.LossMCXENT;

/**
 * A model as the configuration of a stock Deeplearning4j {@code ComputationGraph}: a chain of
 * vertices from {@value #INPUT}, images {@code [examples, channels, height, width]}, to {@value
 * #OUTPUT}, class probabilities. It names classes of Deeplearning4j only, and its flattened
 * parameters are the model's canonical vector. Making one loads no native code.
 */
public final class GraphConfiguration {
  public static final String INPUT = "images";
  public static final String OUTPUT = "probabilities";

  /** Scales any positive fp32 number above 2e-38 beyond 6. */
  private static final double BEYOND_ALL = 3e38;

  private final GraphBuilder graph;
  private String last = INPUT;

  /** The shape behind the last vertex, and whether it is an array of rank 2. */
  private Shape shape;

  private boolean flat;

  /**
   * Whether shapes are left as they are said: Deeplearning4j infers the wrong number of channels
   * behind a {@link SubsetVertex}, and of features behind a {@link ReshapeVertex}.
   */
  private boolean explicit;

  private GraphConfiguration(GraphBuilder graph, Shape input) {
    this.graph = graph;
    this.shape = input;
  }

  /**
   * The configuration of a model that can be trained further with Deeplearning4j.
   *
   * @param model the model
   * @param settings become the updater and the L2 factor. Deeplearning4j's momentum is Nesterov's:
   *     its velocity is the same, its step looks ahead
   */
  public static ComputationGraphConfiguration of(ModelSpec model, StepSettings settings) {
    NeuralNetConfiguration.Builder defaults =
        new NeuralNetConfiguration.Builder()
            .updater(updater(settings))
            .activation(new ActivationIdentity())
            .convolutionMode(ConvolutionMode.Truncate);
    if (settings.weightDecay() > 0) {
      defaults.l2(decimal(settings.weightDecay()));
    }
    GraphConfiguration chain = new GraphConfiguration(defaults.graphBuilder(), model.input());
    chain.graph.addInputs(INPUT);
    List<Placed> placed = model.placed();
    for (int i = 0; i < placed.size(); i++) {
      boolean fused = i + 1 < placed.size() && fuses(placed.get(i + 1).layer());
      if (!learnsWeights(placed.get(i))) {
        chain.append(placed.get(i));
      } else if (i == placed.size() - 1) {
        chain.appendOutput(placed.get(i));
      } else if (fused) {
        chain.appendLearning(placed.get(i), activation(placed.get(i + 1).layer()));
        i++;
      } else {
        chain.appendLearning(placed.get(i), new ActivationIdentity());
      }
    }
    chain.graph.setOutputs(OUTPUT);
    if (!chain.explicit) {
      chain.graph.setInputTypes(
          InputType.convolutional(
              model.input().height(), model.input().width(), model.input().channels()));
    }
    return withoutSeed(chain.graph.build());
  }

  private static boolean learnsWeights(Placed placed) {
    return placed.layer() instanceof LayerSpec.Convolution
        || placed.layer() instanceof LayerSpec.Dense;
  }

  private static IUpdater updater(StepSettings settings) {
    return settings.momentum() > 0
        ? new Nesterovs(decimal(settings.learningRate()), decimal(settings.momentum()))
        : new Sgd(decimal(settings.learningRate()));
  }

  /** Deeplearning4j takes the time of day for a seed: equal models would have unequal files. */
  private static ComputationGraphConfiguration withoutSeed(
      ComputationGraphConfiguration configuration) {
    configuration.getDefaultConfiguration().setSeed(0);
    for (GraphVertex vertex : configuration.getVertices().values()) {
      if (vertex instanceof LayerVertex layer) {
        layer.getLayerConf().setSeed(0);
      }
    }
    return configuration;
  }

  private void append(Placed placed) {
    LayerSpec layer = placed.layer();
    if (layer instanceof LayerSpec.Pooling pool) {
      SubsamplingLayer.Builder builder =
          new SubsamplingLayer.Builder(
                  pool.kind() == LayerSpec.Pooling.Kind.MAXIMUM ? PoolingType.MAX : PoolingType.AVG)
              .kernelSize(pool.window().kernel(), pool.window().kernel())
              .stride(pool.window().stride(), pool.window().stride())
              .avgPoolIncludePadInDivisor(true);
      Padding padding = pool.window().padding();
      if (padding.isEven()) {
        builder.padding(padding.top(), padding.left());
      } else {
        builder.convolutionMode(ConvolutionMode.Same);
      }
      appendOverImage(placed, builder.build());
    } else if (layer instanceof LayerSpec.LocalResponseNormalization lrn) {
      // Deeplearning4j fails on neighbours that no channel has; the sum is the same without them.
      int size = Math.min(lrn.size(), 2 * placed.input().channels() - 1);
      appendOverImage(
          placed,
          new LocalResponseNormalization.Builder(
                  decimal(lrn.k()), decimal(lrn.alpha()), decimal(lrn.beta()))
              .n(size)
              .build());
    } else if (layer instanceof LayerSpec.BatchNormalization normalization) {
      appendBatchNormalization(placed, normalization);
    } else if (layer instanceof LayerSpec.Dropout dropout) {
      // Deeplearning4j's probability is that of being kept.
      double kept = 1 - decimal(dropout.probability());
      appendLayer(name(placed), new DropoutLayer.Builder(kept).build(), null);
    } else if (layer instanceof LayerSpec.Lstm lstm) {
      appendLstm(placed, lstm);
    } else if (layer instanceof LayerSpec.Activation activation) {
      appendActivation(name(placed), activation.function());
    }
    shape = placed.output();
  }

  private void appendBatchNormalization(Placed placed, LayerSpec.BatchNormalization normalization) {
    BatchNormalization layer =
        new BatchNormalization.Builder()
            .eps(decimal(normalization.epsilon()))
            .decay(decimal(normalization.decay()))
            .useLogStd(true)
            .build();
    layer.setNIn(placed.input().channels());
    layer.setNOut(placed.input().channels());
    if (placed.input().isVector()) {
      appendLayer(name(placed), layer, toFlat());
      flat = true;
    } else {
      appendOverImage(placed, layer);
    }
  }

  /** The rows of all channels, one after the other, are what is in memory already. */
  private void appendLstm(Placed placed, LayerSpec.Lstm lstm) {
    String rows = name(placed) + "-rows";
    int width = placed.input().width();
    graph.addVertex(rows, new ReshapeVertex(-1, lstm.steps(placed.input()), width), last);
    last = rows;
    LSTM layer =
        new LSTM.Builder()
            .nIn(width)
            .nOut(lstm.units())
            .activation(new ActivationTanH())
            .gateActivationFunction(new ActivationSigmoid())
            .forgetGateBiasInit(decimal(lstm.forgetBias()))
            .dataFormat(RNNFormat.NWC)
            .build();
    initialize(layer, placed);
    layer.setBiasInit(0);
    appendLayer(name(placed), new LastTimeStep(layer), null);
    flat = true;
    explicit = true;
  }

  private void appendActivation(String name, ActivationFunction function) {
    switch (function) {
      case SCALED_TANH -> {
        appendScale(name + "-slope", decimal(ActivationFunction.TANH_SLOPE));
        appendLayer(name, new ActivationLayer(new ActivationTanH()), null);
        appendScale(name + "-amplitude", decimal(ActivationFunction.TANH_AMPLITUDE));
      }
      case THRESHOLD -> {
        // Deeplearning4j has no step function: min(max(0, 3e38 x), 6) / 6 is one.
        appendScale(name + "-slope", BEYOND_ALL);
        appendLayer(name, new ActivationLayer(new ActivationReLU6()), null);
        appendScale(name + "-amplitude", 1 / 6.0);
      }
      default -> appendLayer(name, new ActivationLayer(activation(function)), null);
    }
  }

  /** Appends a convolution or dense layer with the activation that follows it. */
  private void appendLearning(Placed placed, IActivation activation) {
    if (placed.layer() instanceof LayerSpec.Convolution conv) {
      int padding = appendPadding(placed, conv.window());
      if (conv.groups() > 1) {
        appendGroups(placed, conv, padding, activation);
      } else {
        appendOverImage(
            placed, convolution(placed, conv, placed.input().channels(), padding, activation));
      }
    } else {
      DenseLayer layer = new DenseLayer();
      layer.setNIn(placed.input().features());
      layer.setNOut(placed.output().features());
      initialize(layer, placed);
      layer.setActivationFn(activation);
      appendLayer(name(placed), layer, toFlat());
      flat = true;
    }
    shape = placed.output();
  }

  private static ConvolutionLayer convolution(
      Placed placed,
      LayerSpec.Convolution conv,
      int channels,
      int padding,
      IActivation activation) {
    Window window = conv.window();
    ConvolutionLayer layer =
        new ConvolutionLayer.Builder(window.kernel(), window.kernel())
            .stride(window.stride(), window.stride())
            .dilation(window.dilation(), window.dilation())
            .padding(padding, padding)
            .build();
    layer.setNIn(channels);
    layer.setNOut(conv.filters() / conv.groups());
    initialize(layer, placed);
    layer.setActivationFn(activation);
    return layer;
  }

  /** Deeplearning4j's windows have the same padding on opposite sides; other padding is a layer. */
  private int appendPadding(Placed placed, Window window) {
    Padding padding = window.padding();
    if (padding.isEven()) {
      return padding.top();
    }
    String name = name(placed) + "-padding";
    appendLayer(
        name,
        new ZeroPaddingLayer.Builder(
                padding.top(), padding.bottom(), padding.left(), padding.right())
            .build(),
        toImage());
    flat = false;
    shape =
        new Shape(
            shape.height() + padding.top() + padding.bottom(),
            shape.width() + padding.left() + padding.right(),
            shape.channels());
    return 0;
  }

  /** Deeplearning4j knows no groups: each is a convolution of its own on its own channels. */
  private void appendGroups(
      Placed placed, LayerSpec.Convolution conv, int padding, IActivation activation) {
    if (flat) {
      String image = name(placed) + "-image";
      graph.addVertex(image, new PreprocessorVertex(toImage()), last);
      last = image;
    }
    int channels = placed.input().channels() / conv.groups();
    String[] parts = new String[conv.groups()];
    for (int group = 0; group < conv.groups(); group++) {
      String part = name(placed) + "-group-" + (group + 1);
      graph.addVertex(
          part + "-input", new SubsetVertex(group * channels, (group + 1) * channels - 1), last);
      graph.addLayer(
          part, convolution(placed, conv, channels, padding, activation), part + "-input");
      parts[group] = part;
    }
    graph.addVertex(name(placed), new MergeVertex(), parts);
    last = name(placed);
    flat = false;
    explicit = true;
  }

  private void appendOutput(Placed placed) {
    OutputLayer layer = new OutputLayer();
    layer.setNIn(placed.input().features());
    layer.setNOut(placed.output().features());
    layer.setLossFn(new LossMCXENT());
    initialize(layer, placed);
    layer.setActivationFn(new ActivationSoftmax());
    appendLayer(OUTPUT, layer, toFlat());
  }

  private void appendOverImage(Placed placed, Layer layer) {
    appendLayer(name(placed), layer, toImage());
    flat = false;
  }

  private InputPreProcessor toImage() {
    return flat
        ? new FeedForwardToCnnPreProcessor(shape.height(), shape.width(), shape.channels())
        : null;
  }

  private InputPreProcessor toFlat() {
    return flat
        ? null
        : new CnnToFeedForwardPreProcessor(shape.height(), shape.width(), shape.channels());
  }

  private void appendLayer(String name, Layer layer, InputPreProcessor preProcessor) {
    graph.addLayer(name, layer, preProcessor, last);
    last = name;
  }

  private void appendScale(String name, double factor) {
    graph.addVertex(name, new ScaleVertex(factor), last);
    last = name;
  }

  /** For those who start anew from this configuration with Deeplearning4j's own initialization. */
  private static void initialize(BaseLayer layer, Placed placed) {
    for (ParameterSpec tensor : placed.parameters()) {
      Initializer initializer = tensor.initializer();
      if (tensor.role() == ParameterSpec.Role.WEIGHT) {
        layer.setWeightInitFn(weightInit(initializer, tensor.fanIn()));
      } else if (initializer instanceof Initializer.Constant constant) {
        layer.setBiasInit(decimal(constant.value()));
      }
    }
  }

  private static IWeightInit weightInit(Initializer initializer, int fanIn) {
    if (initializer instanceof Initializer.Constant constant) {
      return new WeightInitConstant(decimal(constant.value()));
    } else if (initializer instanceof Initializer.Gaussian gaussian) {
      return new WeightInitDistribution(
          new NormalDistribution(0, decimal(gaussian.standardDeviation())));
    } else if (initializer instanceof Initializer.He) {
      return new WeightInitRelu();
    } else if (initializer instanceof Initializer.Glorot) {
      return new WeightInitXavierUniform();
    }
    double bound = 2.4 / fanIn;
    return new WeightInitDistribution(new UniformDistribution(-bound, bound));
  }

  private static boolean fuses(LayerSpec layer) {
    return layer instanceof LayerSpec.Activation activation
        && activation.function() != ActivationFunction.SCALED_TANH
        && activation.function() != ActivationFunction.THRESHOLD;
  }

  private static IActivation activation(LayerSpec layer) {
    return activation(((LayerSpec.Activation) layer).function());
  }

  private static IActivation activation(ActivationFunction function) {
    return switch (function) {
      case SIGMOID -> new ActivationSigmoid();
      case TANH -> new ActivationTanH();
      case RELU -> new ActivationReLU();
      case LEAKY_RELU -> new ActivationLReLU(decimal(ActivationFunction.LEAK));
      case SCALED_TANH, THRESHOLD ->
          throw new IllegalArgumentException(function + " is several vertices");
    };
  }

  /** The double that reads as the float does: 0.9, where widening gives 0.8999999761581421. */
  private static double decimal(float value) {
    return Double.parseDouble(Float.toString(value));
  }

  private static String name(Placed placed) {
    String label = placed.layer().label();
    int space = label.indexOf(' ');
    return "%d-%s".formatted(placed.index() + 1, space < 0 ? label : label.substring(0, space));
  }
}
