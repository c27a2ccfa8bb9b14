// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.LayerVisitor;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.Padding;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationCube;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;

/**
 * Makes the configuration of a stock Deeplearning4j {@code ComputationGraph} from a model: vertices
 * from {@value #INPUT}, images {@code [examples, channels, height, width]}, to {@value #OUTPUT},
 * class probabilities. It names only classes of Deeplearning4j, and its flattened parameters are
 * the model's canonical vector. Making one loads no native code.
 *
 * <p>A convolution or dense layer waits for the layer after it: an activation becomes part of the
 * same vertex where Deeplearning4j has that activation, and the last dense layer becomes the output
 * layer.
 */
public final class GraphConfiguration {
  public static final String INPUT = "images";
  public static final String OUTPUT = "probabilities";

  private final GraphBuilder graph;
  private final StockUpdater updater;
  private String last = INPUT;

  /** The shape after the last vertex. */
  private Shape shape;

  /** Whether the array after the last vertex has rank 2. */
  private boolean flat;

  /**
   * Whether Deeplearning4j is not to infer shapes: it infers the wrong number of channels after a
   * {@link SubsetVertex}, and of features after a {@link ReshapeVertex}.
   */
  private boolean explicit;

  /** Whether a vertex has been reached from which several ways go. */
  private boolean forked;

  /** Whether vertices have several inputs that are not groups of one convolution. */
  private boolean joins;

  private Optional<Waiting> waiting = Optional.empty();

  /**
   * A layer with weights that has no vertex yet.
   *
   * @param placed the layer
   * @param append appends its vertex, with an activation in it
   */
  private record Waiting(Placed placed, Consumer<IActivation> append) {}

  /**
   * Where the next vertex is attached.
   *
   * @param vertex the vertex before it
   * @param shape the shape after that vertex
   * @param flat whether the array has rank 2
   */
  private record End(String vertex, Shape shape, boolean flat) {}

  private GraphConfiguration(GraphBuilder graph, StockUpdater updater, Shape input) {
    this.graph = graph;
    this.updater = updater;
    this.shape = input;
  }

  /**
   * The configuration of a model that can be trained further with Deeplearning4j.
   *
   * @param model the model
   * @param settings of the steps that Deeplearning4j may go on to take, see {@link StockUpdater}
   */
  public static ComputationGraphConfiguration of(ModelSpec model, StepSettings settings) {
    NeuralNetConfiguration.Builder defaults =
        new NeuralNetConfiguration.Builder()
            .activation(new ActivationIdentity())
            .convolutionMode(ConvolutionMode.Truncate);
    StockUpdater updater = new StockUpdater(settings);
    updater.configure(defaults);
    GraphConfiguration chain =
        new GraphConfiguration(defaults.graphBuilder(), updater, model.input());
    chain.graph.addInputs(INPUT);
    model.placed().forEach(placed -> placed.layer().accept(chain.new Appending(placed)));
    if (chain.waiting.isPresent()) {
      chain.appendLayer(OUTPUT, StockLayers.output(chain.waiting.get().placed()), chain.toFlat());
    } else { // A model that ends with a global average has scores already.
      chain.appendLayer(OUTPUT, StockLayers.loss(), null);
    }
    chain.graph.setOutputs(OUTPUT);
    if (!chain.explicit) {
      chain.graph.setInputTypes(
          InputType.convolutional(
              model.input().height(), model.input().width(), model.input().channels()));
    }
    ComputationGraphConfiguration configuration = withoutSeed(chain.graph.build());
    updater.setStep(configuration);
    return chain.joins ? inOrder(configuration) : configuration;
  }

  /**
   * Deeplearning4j lays out the parameters in the order in which it visits the vertices: breadth
   * first, unless the configuration says another. They were added depth-first, in canonical order.
   */
  private static ComputationGraphConfiguration inOrder(
      ComputationGraphConfiguration configuration) {
    List<String> names = new ArrayList<>(List.of(INPUT));
    names.addAll(configuration.getVertices().keySet());
    configuration.setTopologicalOrder(IntStream.range(0, names.size()).toArray());
    configuration.setTopologicalOrderStr(names);
    return configuration;
  }

  /** Deeplearning4j's default seed is the time of day: equal models would have unequal files. */
  private static ComputationGraphConfiguration withoutSeed(
      ComputationGraphConfiguration configuration) {
    configuration.getDefaultConfiguration().setSeed(0);
    for (GraphVertex vertex : configuration.getVertices().values()) {
      if (vertex instanceof LayerVertex layer) {
        layer.getLayerConf().setSeed(0);
        StockUpdater.decayOnce(layer.getLayerConf().getLayer());
      }
    }
    return configuration;
  }

  /** Appends one layer's vertices to the chain. */
  private final class Appending implements LayerVisitor<Void> {
    private final Placed placed;

    Appending(Placed placed) {
      this.placed = placed;
    }

    @Override
    public Void visitConvolution(LayerSpec.Convolution layer) {
      return await(activation -> appendConvolution(placed, layer, activation));
    }

    @Override
    public Void visitDepthwiseConvolution(LayerSpec.DepthwiseConvolution layer) {
      return await(activation -> appendDepthwise(placed, layer, activation));
    }

    @Override
    public Void visitChannelPadding(LayerSpec.ChannelPadding layer) {
      return append(() -> appendChannels(placed));
    }

    @Override
    public Void visitGlobalAveragePooling(LayerSpec.GlobalAveragePooling layer) {
      return append(
          () -> {
            appendOverImage(placed, new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
            flat = true;
          });
    }

    @Override
    public Void visitSequence(LayerSpec.Sequence layer) {
      placed.inner().forEach(each -> each.layer().accept(new Appending(each)));
      return null;
    }

    @Override
    public Void visitResidual(LayerSpec.Residual layer) {
      Placed after = placed.inner().get(2);
      appendJoin(
          new ElementWiseVertex(ElementWiseVertex.Op.Add),
          placed.inner().subList(0, 2),
          after.input());
      return after.layer().accept(new Appending(after));
    }

    @Override
    public Void visitBranches(LayerSpec.Branches layer) {
      appendJoin(new MergeVertex(), placed.inner(), placed.output());
      return null;
    }

    @Override
    public Void visitChannelGate(LayerSpec.ChannelGate layer) {
      appendWaiting(new ActivationIdentity());
      End input = new End(last, shape, flat);
      String factors = imageOf(appendPart(input, placed.inner().get(0)));
      graph.addVertex(
          name(placed),
          new ElementWiseVertex(ElementWiseVertex.Op.Product),
          imageOf(input),
          factors);
      last = name(placed);
      shape = placed.output();
      flat = false;
      joins = true;
      explicit = true;
      return null;
    }

    /** Deeplearning4j repeats factors over the pixels where they are images of one pixel. */
    private String imageOf(End end) {
      if (!end.flat()) {
        return end.vertex();
      }
      String image = end.vertex() + "-image-of-" + name(placed);
      Shape pixels = end.shape();
      graph.addVertex(
          image,
          new PreprocessorVertex(
              new FeedForwardToCnnPreProcessor(pixels.height(), pixels.width(), pixels.channels())),
          end.vertex());
      return image;
    }

    /** Appends parts that all begin where the graph ends now, and a vertex that joins them. */
    private void appendJoin(GraphVertex join, List<Placed> parts, Shape output) {
      appendWaiting(new ActivationIdentity());
      End fork = new End(last, shape, flat);
      List<End> ends = parts.stream().map(part -> appendPart(fork, part)).toList();
      String name = name(placed);
      flat = ends.stream().anyMatch(End::flat);
      List<String> inputs = new ArrayList<>();
      for (End end : ends) {
        inputs.add(end.flat() == flat ? end.vertex() : appendFlattening(name, end, inputs.size()));
      }
      graph.addVertex(name, join, inputs.toArray(String[]::new));
      last = name;
      shape = output;
      joins = true;
      explicit = true;
    }

    private End appendPart(End fork, Placed part) {
      last = fork.vertex();
      shape = fork.shape();
      flat = fork.flat();
      forked = true;
      part.layer().accept(new Appending(part));
      appendWaiting(new ActivationIdentity());
      return new End(last, shape, flat);
    }

    /** A vector may be an array of rank 2 or 4; those of a join must have the same rank. */
    private String appendFlattening(String join, End end, int number) {
      String name = join + "-flat-" + (number + 1);
      Shape image = end.shape();
      graph.addVertex(
          name,
          new PreprocessorVertex(
              new CnnToFeedForwardPreProcessor(image.height(), image.width(), image.channels())),
          end.vertex());
      return name;
    }

    @Override
    public Void visitDense(LayerSpec.Dense layer) {
      return await(activation -> appendDense(placed, activation));
    }

    private Void await(Consumer<IActivation> append) {
      appendWaiting(new ActivationIdentity());
      waiting = Optional.of(new Waiting(placed, append));
      return null;
    }

    @Override
    public Void visitActivation(LayerSpec.Activation layer) {
      if (layer.function() == ActivationFunction.GELU) {
        return append(() -> appendGelu(name(placed)));
      }
      ScaledActivation stock = ScaledActivation.of(layer.function());
      if (waiting.isPresent() && stock.isPlain()) {
        appendWaiting(stock.activation());
        return null;
      }
      return append(() -> appendActivation(name(placed), stock));
    }

    @Override
    public Void visitPooling(LayerSpec.Pooling layer) {
      return append(() -> appendOverImage(placed, StockLayers.pooling(layer)));
    }

    @Override
    public Void visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
      return append(() -> appendOverImage(placed, StockLayers.normalization(placed, layer)));
    }

    @Override
    public Void visitBatchNormalization(LayerSpec.BatchNormalization layer) {
      return append(() -> appendBatchNormalization(placed, layer));
    }

    @Override
    public Void visitScaling(LayerSpec.Scaling layer) {
      return append(() -> appendScale(name(placed), Decimal.of(layer.factor())));
    }

    @Override
    public Void visitDropout(LayerSpec.Dropout layer) {
      double kept = 1 - Decimal.of(layer.probability());
      return append(
          () -> {
            switch (layer.unit()) {
              case VALUE -> appendLayer(name(placed), StockLayers.dropout(kept), null);
              case EXAMPLE -> appendDropoutOfExamples(name(placed), kept);
            }
          });
    }

    @Override
    public Void visitLstm(LayerSpec.Lstm layer) {
      return append(() -> appendLstm(placed, layer));
    }

    private Void append(Runnable appending) {
      appendWaiting(new ActivationIdentity());
      appending.run();
      shape = placed.output();
      return null;
    }
  }

  private void appendWaiting(IActivation activation) {
    waiting.ifPresent(
        layer -> {
          layer.append().accept(activation);
          shape = layer.placed().output();
        });
    waiting = Optional.empty();
  }

  private void appendBatchNormalization(Placed placed, LayerSpec.BatchNormalization normalization) {
    BatchNormalization layer = StockLayers.batchNormalization(placed, normalization);
    if (placed.input().isVector()) {
      appendLayer(name(placed), layer, toFlat());
      flat = true;
    } else {
      appendOverImage(placed, layer);
    }
  }

  /** Deeplearning4j drops channels: here, all values of an example are one channel. */
  private void appendDropoutOfExamples(String name, double kept) {
    appendReshaping(name + "-joined", -1, 1, 1, shape.features());
    appendLayer(name + "-dropout", StockLayers.dropoutOfChannels(kept), null);
    if (flat) {
      appendReshaping(name, -1, shape.features());
    } else {
      appendReshaping(name, -1, shape.channels(), shape.height(), shape.width());
    }
    explicit = true;
  }

  private void appendReshaping(String name, int... sizes) {
    graph.addVertex(name, new ReshapeVertex(sizes), last);
    last = name;
  }

  /** The rows of all channels follow each other in memory, so the images need not be copied. */
  private void appendLstm(Placed placed, LayerSpec.Lstm lstm) {
    String rows = name(placed) + "-rows";
    appendReshaping(rows, -1, lstm.steps(placed.input()), placed.input().width());
    appendLayer(name(placed), StockLayers.lstm(placed, lstm), null);
    flat = true;
    explicit = true;
  }

  /** Deeplearning4j pads no channels: those that are there, times zero, are merged with them. */
  private void appendChannels(Placed placed) {
    String name = name(placed);
    int channels = placed.input().channels();
    List<String> parts = new ArrayList<>(List.of(last));
    for (int missing = placed.output().channels() - channels; missing > 0; missing -= channels) {
      String zeros = name + "-zeros-" + parts.size();
      String source = last;
      if (missing < channels) {
        source = zeros + "-input";
        graph.addVertex(source, new SubsetVertex(0, missing - 1), last);
      }
      graph.addVertex(zeros, new ScaleVertex(0), source);
      parts.add(zeros);
    }
    graph.addVertex(name, new MergeVertex(), parts.toArray(String[]::new));
    last = name;
    joins = true;
    explicit = true;
  }

  private void appendActivation(String name, ScaledActivation stock) {
    if (forked && last.equals(INPUT)) {
      // Deeplearning4j's activation overwrites the images, which another way reads as well.
      appendScale(name + "-copy", 1);
    }
    if (stock.isPlain()) {
      appendLayer(name, new ActivationLayer(stock.activation()), null);
    } else {
      appendScale(name + "-slope", stock.slope());
      appendLayer(name, new ActivationLayer(stock.activation()), null);
      appendScale(name + "-amplitude", stock.amplitude());
    }
  }

  /**
   * Deeplearning4j's GELU is {@code x sigmoid(1.702 x)}, or, "precise", has the cube of 0.044715 x
   * in place of 0.044715 times the cube: both are other functions.
   */
  private void appendGelu(String name) {
    String input = last;
    appendScale(name + "-slope", Decimal.of(ActivationFunction.GELU_SLOPE));
    String slope = last;
    last = input;
    appendScale(name + "-cubic", Math.cbrt(Decimal.of(ActivationFunction.GELU_CUBIC)));
    appendLayer(name + "-cube", new ActivationLayer(new ActivationCube()), null);
    graph.addVertex(name + "-sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), slope, last);
    last = name + "-sum";
    appendLayer(name + "-gate", new ActivationLayer(new ActivationSigmoid()), null);
    graph.addVertex(name, new ElementWiseVertex(ElementWiseVertex.Op.Product), input, last);
    last = name;
    joins = true;
    explicit = true;
  }

  private void appendConvolution(
      Placed placed, LayerSpec.Convolution conv, IActivation activation) {
    int padding = appendPadding(placed, conv.window());
    if (conv.groups() > 1) {
      appendGroups(placed, conv, padding, activation);
    } else {
      ConvolutionLayer layer = StockLayers.convolution(placed, conv, padding, activation);
      if (conv.weights() instanceof Initializer.Whiten) {
        updater.freezeWeights(layer);
      }
      appendOverImage(placed, layer);
    }
  }

  private void appendDense(Placed placed, IActivation activation) {
    appendLayer(name(placed), StockLayers.dense(placed, activation), toFlat());
    flat = true;
  }

  private void appendDepthwise(
      Placed placed, LayerSpec.DepthwiseConvolution conv, IActivation activation) {
    int padding = appendPadding(placed, conv.window());
    appendOverImage(placed, StockLayers.depthwise(placed, conv, padding, activation));
  }

  /** Deeplearning4j's layers pad opposite sides by the same; other padding needs its own layer. */
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

  /** Deeplearning4j has no groups: each group becomes a convolution over its own channels. */
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
          part, StockLayers.convolution(placed, conv, padding, activation), part + "-input");
      parts[group] = part;
    }
    graph.addVertex(name(placed), new MergeVertex(), parts);
    last = name(placed);
    flat = false;
    explicit = true;
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

  private static String name(Placed placed) {
    String label = placed.layer().label();
    int space = label.indexOf(' ');
    // Without dots, which only the names of classes have.
    return placed.path().replace('.', '-') + "-" + (space < 0 ? label : label.substring(0, space));
  }
}
