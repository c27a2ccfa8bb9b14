// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.dl4j.StockGraph.End;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.CompositeSpec;
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
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.GlobalPoolingLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.PoolingType;
import org.deeplearning4j.nn.conf.layers.ZeroPaddingLayer;
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

  private final StockGraph graph;
  private final StockUpdater updater;
  private Optional<Waiting> waiting = Optional.empty();

  /**
   * A layer with weights that has no vertex yet.
   *
   * @param placed the layer
   * @param append appends its vertex, with an activation in it
   */
  private record Waiting(Placed placed, Consumer<IActivation> append) {}

  private GraphConfiguration(StockGraph graph, StockUpdater updater) {
    this.graph = graph;
    this.updater = updater;
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
    StockGraph graph = new StockGraph(defaults.graphBuilder(), model.input());
    GraphConfiguration chain = new GraphConfiguration(graph, updater);
    model.placed().forEach(placed -> placed.layer().accept(chain.new Appending(placed)));
    if (chain.waiting.isPresent()) {
      graph.appendOverVector(OUTPUT, StockLayers.output(chain.waiting.get().placed()));
    } else { // A model that ends with a global average has scores already.
      graph.append(OUTPUT, StockLayers.loss());
    }
    ComputationGraphConfiguration configuration = graph.build();
    updater.setStep(configuration);
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
            graph.appendOverImage(
                name(placed), new GlobalPoolingLayer.Builder(PoolingType.AVG).build());
            graph.setFlat();
          });
    }

    @Override
    public Void visitSequence(CompositeSpec.Sequence layer) {
      placed.inner().forEach(each -> each.layer().accept(new Appending(each)));
      return null;
    }

    @Override
    public Void visitResidual(CompositeSpec.Residual layer) {
      Placed after = placed.inner().get(2);
      appendJoin(
          new ElementWiseVertex(ElementWiseVertex.Op.Add),
          placed.inner().subList(0, 2),
          after.input());
      return after.layer().accept(new Appending(after));
    }

    @Override
    public Void visitBranches(CompositeSpec.Branches layer) {
      appendJoin(new MergeVertex(), placed.inner(), placed.output());
      return null;
    }

    @Override
    public Void visitChannelGate(CompositeSpec.ChannelGate layer) {
      appendWaiting(new ActivationIdentity());
      End input = graph.end();
      End gate = appendPart(input, placed.inner().get(0));
      String factors = imageOf(gate);
      graph.join(
          name(placed),
          new ElementWiseVertex(ElementWiseVertex.Op.Product),
          false,
          List.of(imageOf(input), factors));
      graph.setShape(placed.output());
      return null;
    }

    /** Deeplearning4j repeats factors over the pixels where they are images of one pixel. */
    private String imageOf(End end) {
      return graph.imageOf(end, end.vertex() + "-image-of-" + name(placed));
    }

    /** Appends parts that all begin where the graph ends now, and a vertex that joins them. */
    private void appendJoin(GraphVertex join, List<Placed> parts, Shape output) {
      appendWaiting(new ActivationIdentity());
      End fork = graph.end();
      List<End> ends = parts.stream().map(part -> appendPart(fork, part)).toList();
      String name = name(placed);
      // A vector may be an array of rank 2 or 4; those of a join must have the same rank.
      boolean flat = ends.stream().anyMatch(End::flat);
      List<String> inputs = new ArrayList<>();
      for (End end : ends) {
        String flattened = name + "-flat-" + (inputs.size() + 1);
        inputs.add(flat ? graph.vectorOf(end, flattened) : end.vertex());
      }
      graph.join(name, join, flat, inputs);
      graph.setShape(output);
    }

    private End appendPart(End fork, Placed part) {
      graph.forkFrom(fork);
      part.layer().accept(new Appending(part));
      appendWaiting(new ActivationIdentity());
      return graph.end();
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
      return append(() -> graph.appendOverImage(name(placed), StockLayers.pooling(layer)));
    }

    @Override
    public Void visitLocalResponseNormalization(LayerSpec.LocalResponseNormalization layer) {
      return append(
          () -> graph.appendOverImage(name(placed), StockLayers.normalization(placed, layer)));
    }

    @Override
    public Void visitBatchNormalization(LayerSpec.BatchNormalization layer) {
      return append(() -> appendBatchNormalization(placed, layer));
    }

    @Override
    public Void visitScaling(LayerSpec.Scaling layer) {
      return append(() -> graph.appendScale(name(placed), Decimal.of(layer.factor())));
    }

    @Override
    public Void visitDropout(LayerSpec.Dropout layer) {
      double kept = 1 - Decimal.of(layer.probability());
      return append(
          () -> {
            switch (layer.unit()) {
              case VALUE -> graph.append(name(placed), StockLayers.dropout(kept));
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
      graph.setShape(placed.output());
      return null;
    }
  }

  private void appendWaiting(IActivation activation) {
    waiting.ifPresent(
        layer -> {
          layer.append().accept(activation);
          graph.setShape(layer.placed().output());
        });
    waiting = Optional.empty();
  }

  private void appendBatchNormalization(Placed placed, LayerSpec.BatchNormalization normalization) {
    BatchNormalization layer = StockLayers.batchNormalization(placed, normalization);
    if (placed.input().isVector()) {
      graph.appendOverVector(name(placed), layer);
    } else {
      graph.appendOverImage(name(placed), layer);
    }
  }

  /** Deeplearning4j drops channels: here, all values of an example are one channel. */
  private void appendDropoutOfExamples(String name, double kept) {
    End before = graph.end();
    Shape shape = before.shape();
    graph.appendReshaping(name + "-joined", -1, 1, 1, shape.features());
    graph.append(name + "-dropout", StockLayers.dropoutOfChannels(kept));
    if (before.flat()) {
      graph.appendReshaping(name, -1, shape.features());
    } else {
      graph.appendReshaping(name, -1, shape.channels(), shape.height(), shape.width());
    }
  }

  /** The rows of all channels follow each other in memory, so the images need not be copied. */
  private void appendLstm(Placed placed, LayerSpec.Lstm lstm) {
    String rows = name(placed) + "-rows";
    graph.appendReshaping(rows, -1, lstm.steps(placed.input()), placed.input().width());
    graph.append(name(placed), StockLayers.lstm(placed, lstm));
    graph.setFlat();
  }

  /** Deeplearning4j pads no channels: those that are there, times zero, are merged with them. */
  private void appendChannels(Placed placed) {
    String name = name(placed);
    int channels = placed.input().channels();
    String present = graph.end().vertex();
    List<String> parts = new ArrayList<>(List.of(present));
    for (int missing = placed.output().channels() - channels; missing > 0; missing -= channels) {
      String zeros = name + "-zeros-" + parts.size();
      String source = missing < channels ? graph.channels(zeros + "-input", 0, missing) : present;
      parts.add(graph.aside(zeros, new ScaleVertex(0), source));
    }
    graph.join(name, new MergeVertex(), graph.end().flat(), parts);
  }

  private void appendActivation(String name, ScaledActivation stock) {
    if (graph.sharesInput()) {
      // Deeplearning4j's activation overwrites the images, which another way reads as well.
      graph.appendScale(name + "-copy", 1);
    }
    if (stock.isPlain()) {
      graph.append(name, new ActivationLayer(stock.activation()));
    } else {
      graph.appendScale(name + "-slope", stock.slope());
      graph.append(name, new ActivationLayer(stock.activation()));
      graph.appendScale(name + "-amplitude", stock.amplitude());
    }
  }

  /**
   * Deeplearning4j's GELU is {@code x sigmoid(1.702 x)}, or, "precise", has the cube of 0.044715 x
   * in place of 0.044715 times the cube: both are other functions.
   */
  private void appendGelu(String name) {
    End input = graph.end();
    String slope =
        graph.aside(
            name + "-slope",
            new ScaleVertex(Decimal.of(ActivationFunction.GELU_SLOPE)),
            input.vertex());
    graph.appendScale(name + "-cubic", Math.cbrt(Decimal.of(ActivationFunction.GELU_CUBIC)));
    graph.append(name + "-cube", new ActivationLayer(new ActivationCube()));
    String sum = name + "-sum";
    graph.join(
        sum,
        new ElementWiseVertex(ElementWiseVertex.Op.Add),
        input.flat(),
        List.of(slope, graph.end().vertex()));
    String gate = name + "-gate";
    graph.append(gate, new ActivationLayer(new ActivationSigmoid()));
    graph.join(
        name,
        new ElementWiseVertex(ElementWiseVertex.Op.Product),
        input.flat(),
        List.of(input.vertex(), gate));
  }

  private void appendConvolution(
      Placed placed, LayerSpec.Convolution conv, IActivation activation) {
    int padding = appendPadding(placed, conv.window());
    if (conv.groups() > 1) {
      appendGroups(placed, conv, padding, activation);
    } else {
      ConvolutionLayer layer = StockLayers.convolution(placed, conv, padding, activation);
      if (conv.weights() == Initializer.Rule.WHITEN) {
        updater.freezeWeights(layer);
      }
      graph.appendOverImage(name(placed), layer);
    }
  }

  private void appendDense(Placed placed, IActivation activation) {
    graph.appendOverVector(name(placed), StockLayers.dense(placed, activation));
  }

  private void appendDepthwise(
      Placed placed, LayerSpec.DepthwiseConvolution conv, IActivation activation) {
    int padding = appendPadding(placed, conv.window());
    graph.appendOverImage(name(placed), StockLayers.depthwise(placed, conv, padding, activation));
  }

  /** Deeplearning4j's layers pad opposite sides by the same; other padding needs its own layer. */
  private int appendPadding(Placed placed, Window window) {
    Padding padding = window.padding();
    if (padding.isEven()) {
      return padding.top();
    }
    graph.appendOverImage(
        name(placed) + "-padding",
        new ZeroPaddingLayer.Builder(
                padding.top(), padding.bottom(), padding.left(), padding.right())
            .build());
    Shape shape = graph.end().shape();
    graph.setShape(
        new Shape(
            shape.height() + padding.top() + padding.bottom(),
            shape.width() + padding.left() + padding.right(),
            shape.channels()));
    return 0;
  }

  /** Deeplearning4j has no groups: each group becomes a convolution over its own channels. */
  private void appendGroups(
      Placed placed, LayerSpec.Convolution conv, int padding, IActivation activation) {
    graph.appendImage(name(placed) + "-image");
    int channels = placed.input().channels() / conv.groups();
    List<String> groups = new ArrayList<>();
    for (int group = 0; group < conv.groups(); group++) {
      String part = name(placed) + "-group-" + (group + 1);
      Layer layer = StockLayers.convolution(placed, conv, padding, activation);
      graph.asideOfChannels(part, layer, group * channels, channels);
      groups.add(part);
    }
    graph.merge(name(placed), new MergeVertex(), groups);
  }

  private static String name(Placed placed) {
    String label = placed.layer().label();
    int space = label.indexOf(' ');
    // Without dots, which only the names of classes have.
    return placed.path().replace('.', '-') + "-" + (space < 0 ? label : label.substring(0, space));
  }
}
