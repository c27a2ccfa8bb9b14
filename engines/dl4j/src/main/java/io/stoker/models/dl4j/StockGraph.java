// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.dl4j;

import io.stoker.models.spec.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.preprocessor.CnnToFeedForwardPreProcessor;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;

/**
 * A graph of Deeplearning4j that grows vertex by vertex. It has one end, to which the next vertex
 * is attached.
 */
final class StockGraph {
  private final GraphBuilder graph;
  private final Shape input;
  private End end;
  private boolean infersShapes = true;
  private boolean forked;
  private boolean joins;

  /**
   * Where the next vertex is attached.
   *
   * @param vertex the vertex before it
   * @param shape the shape after that vertex
   * @param flat whether the array after it has rank 2
   */
  record End(String vertex, Shape shape, boolean flat) {
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
  }

  /**
   * A graph that has an input only.
   *
   * @param graph the builder with the settings of all layers
   */
  StockGraph(GraphBuilder graph, Shape input) {
    this.graph = graph;
    this.input = input;
    this.end = new End(GraphConfiguration.INPUT, input, false);
    graph.addInputs(GraphConfiguration.INPUT);
  }

  End end() {
    return end;
  }

  /** Attaches the next vertex to an earlier end, from which several ways go then. */
  void forkFrom(End earlier) {
    end = earlier;
    forked = true;
  }

  /** Whether a layer that overwrites its input would change what another way reads. */
  boolean sharesInput() {
    return forked && end.vertex().equals(GraphConfiguration.INPUT);
  }

  /** Notes the shape of an example at the end, which vertices do not say. */
  void setShape(Shape shape) {
    end = new End(end.vertex(), shape, end.flat());
  }

  /** Notes that the array at the end has rank 2. */
  void setFlat() {
    moveTo(end.vertex(), true);
  }

  private void moveTo(String vertex, boolean flat) {
    end = new End(vertex, end.shape(), flat);
  }

  /** Attaches a layer that takes arrays of any rank. */
  void append(String name, Layer layer) {
    graph.addLayer(name, layer, end.vertex());
    moveTo(name, end.flat());
  }

  /** Attaches a layer of images. */
  void appendOverImage(String name, Layer layer) {
    graph.addLayer(name, layer, end.toImage(), end.vertex());
    moveTo(name, false);
  }

  /** Attaches a layer of vectors. */
  void appendOverVector(String name, Layer layer) {
    graph.addLayer(name, layer, end.toFlat(), end.vertex());
    moveTo(name, true);
  }

  void appendScale(String name, double factor) {
    graph.addVertex(name, new ScaleVertex(factor), end.vertex());
    moveTo(name, end.flat());
  }

  /** Attaches a vertex that gives arrays other sizes. */
  void appendReshaping(String name, int... sizes) {
    graph.addVertex(name, new ReshapeVertex(sizes), end.vertex());
    moveTo(name, end.flat());
    inferNoShapes();
  }

  /** Makes the end an image of rank 4, by a vertex where that is needed. */
  void appendImage(String name) {
    if (end.flat()) {
      graph.addVertex(name, new PreprocessorVertex(end.toImage()), end.vertex());
      moveTo(name, false);
    }
  }

  /** The vertex of an end as an image of rank 4: its own, or a new one. */
  String imageOf(End other, String name) {
    return other.flat()
        ? aside(name, new PreprocessorVertex(other.toImage()), other.vertex())
        : other.vertex();
  }

  /** The vertex of an end as an array of rank 2: its own, or a new one. */
  String vectorOf(End other, String name) {
    return other.flat()
        ? other.vertex()
        : aside(name, new PreprocessorVertex(other.toFlat()), other.vertex());
  }

  /** Adds a vertex, and leaves the end where it is. */
  String aside(String name, GraphVertex vertex, String from) {
    graph.addVertex(name, vertex, from);
    return name;
  }

  /** Adds a layer over some channels of the end, and leaves the end where it is. */
  void asideOfChannels(String name, Layer layer, int first, int count) {
    String channels = channels(name + "-input", first, count);
    graph.addLayer(name, layer, channels);
  }

  /** Adds a vertex of some channels of the end, and leaves the end where it is. */
  String channels(String name, int first, int count) {
    inferNoShapes();
    return aside(name, new SubsetVertex(first, first + count - 1), end.vertex());
  }

  /** Makes the merged groups of a convolution the end. */
  void merge(String name, GraphVertex merge, List<String> groups) {
    graph.addVertex(name, merge, groups.toArray(String[]::new));
    moveTo(name, false);
  }

  /**
   * Makes a vertex with several inputs the end.
   *
   * @param flat whether the inputs have rank 2
   */
  void join(String name, GraphVertex join, boolean flat, List<String> inputs) {
    graph.addVertex(name, join, inputs.toArray(String[]::new));
    moveTo(name, flat);
    joins = true;
    inferNoShapes();
  }

  /**
   * Keeps Deeplearning4j from inferring shapes: it infers the wrong number of channels after a
   * {@link SubsetVertex}, and of features after a {@link ReshapeVertex}.
   */
  void inferNoShapes() {
    infersShapes = false;
  }

  /** The configuration of the graph, whose end is its output. */
  ComputationGraphConfiguration build() {
    graph.setOutputs(end.vertex());
    if (infersShapes) {
      graph.setInputTypes(InputType.convolutional(input.height(), input.width(), input.channels()));
    }
    ComputationGraphConfiguration configuration = graph.build();
    finishLayers(configuration);
    if (joins) {
      setOrder(configuration);
    }
    return configuration;
  }

  /** Deeplearning4j's default seed is the time of day: equal models would have unequal files. */
  private static void finishLayers(ComputationGraphConfiguration configuration) {
    configuration.getDefaultConfiguration().setSeed(0);
    for (GraphVertex vertex : configuration.getVertices().values()) {
      if (vertex instanceof LayerVertex layer) {
        layer.getLayerConf().setSeed(0);
        StockUpdater.decayOnce(layer.getLayerConf().getLayer());
      }
    }
  }

  /**
   * Deeplearning4j lays out the parameters in the order in which it visits the vertices: breadth
   * first, unless the configuration says another. They were added depth-first, in canonical order.
   */
  private static void setOrder(ComputationGraphConfiguration configuration) {
    List<String> names = new ArrayList<>(List.of(GraphConfiguration.INPUT));
    names.addAll(configuration.getVertices().keySet());
    configuration.setTopologicalOrder(IntStream.range(0, names.size()).toArray());
    configuration.setTopologicalOrderStr(names);
  }
}
