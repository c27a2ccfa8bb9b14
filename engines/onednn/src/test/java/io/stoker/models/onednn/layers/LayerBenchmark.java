// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.dl4j.GraphConfiguration;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.spec.ActivationFunction;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.Initializer;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Window;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Each kind of layer, as large as AlexNet's: the layer on oneDNN and Deeplearning4j's stock layer
 * on ND4J. The input has the order in which a convolution leaves it; one over its pixels, that is
 * not timed, stands before the layer.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
public class LayerBenchmark {
  /** What is measured. */
  public enum Kind {
    CONVOLUTION,
    GROUPED_CONVOLUTION,
    MAX_POOLING,
    AVERAGE_POOLING,
    LRN,
    BATCH_NORMALIZATION,
    RELU,
    SCALED_TANH,
    DROPOUT,
    DENSE,
    LSTM;

    Shape input() {
      return switch (this) {
        case CONVOLUTION -> new Shape(13, 13, 256);
        case GROUPED_CONVOLUTION, BATCH_NORMALIZATION -> new Shape(27, 27, 96);
        case MAX_POOLING, AVERAGE_POOLING, LRN, RELU -> new Shape(55, 55, 96);
        case SCALED_TANH -> new Shape(28, 28, 16);
        case DROPOUT, DENSE -> new Shape(6, 6, 256);
        case LSTM -> new Shape(28, 28, 1);
      };
    }

    LayerSpec layer() {
      Initializer he = Initializer.Rule.HE;
      return switch (this) {
        case CONVOLUTION -> new LayerSpec.Convolution(384, Window.of(3).padded(1), 1, he, 0);
        case GROUPED_CONVOLUTION ->
            new LayerSpec.Convolution(256, Window.of(5).padded(2), 2, he, 0);
        case MAX_POOLING ->
            new LayerSpec.Pooling(LayerSpec.Pooling.Kind.MAXIMUM, Window.of(3).by(2));
        case AVERAGE_POOLING ->
            new LayerSpec.Pooling(LayerSpec.Pooling.Kind.AVERAGE, Window.of(2).by(2));
        case LRN -> new LayerSpec.LocalResponseNormalization(5, 2, 1e-4f, 0.75f);
        case BATCH_NORMALIZATION -> new LayerSpec.BatchNormalization(1e-5f, 0.9f);
        case RELU -> new LayerSpec.Activation(ActivationFunction.RELU);
        case SCALED_TANH -> new LayerSpec.Activation(ActivationFunction.SCALED_TANH);
        case DROPOUT -> new LayerSpec.Dropout(0.5f);
        case DENSE -> new LayerSpec.Dense(4096, he, 0);
        case LSTM -> new LayerSpec.Lstm(128, Initializer.Rule.GLOROT, 1);
      };
    }
  }

  private static final int EXAMPLES = 16;
  private static final CompiledLayer.Pass PASS = CompiledLayer.Pass.training().withSeed(1);

  /** Each kind in turn. */
  @Param public Kind kind;

  private Workspace workspace;
  private CompiledLayer compiled;

  private final List<Layer> stock = new ArrayList<>();
  private final List<INDArray> stockInputs = new ArrayList<>();
  private final List<INDArray> stockGradients = new ArrayList<>();

  /** Makes both. */
  @Setup
  public void make() {
    Shape shape = kind.input();
    LayerSpec before =
        new LayerSpec.Convolution(shape.channels(), Window.of(1), 1, Initializer.Rule.HE, 0);
    ModelSpec model =
        new ModelSpec(
            "one layer",
            shape,
            List.of(before, kind.layer(), new LayerSpec.Dense(2, Initializer.Rule.HE, 0)));
    workspace = new Workspace();
    FlatVectors vectors = new FlatVectors(workspace, model.parameterCount());
    new InitialParameters(model, 1).fill(0, vectors.parameterBuffer().duplicate());
    Tensor images =
        workspace.tensor(Layout.plain(EXAMPLES, shape.channels(), shape.height(), shape.width()));
    INDArray noise = Nd4j.randn(DataType.FLOAT, images.layout().dimensions());
    images.buffer().put(0, noise.data().asFloat());
    CompiledLayer first =
        new LayerCompiler(
                workspace, vectors, model.placed().get(0), images, false, LayerCompiler.Fusion.NONE)
            .compile();
    first.forward(PASS);
    compiled =
        new LayerCompiler(
                workspace,
                vectors,
                model.placed().get(1),
                first.output(),
                false,
                LayerCompiler.Fusion.NONE)
            .compile();
    compiled.prepareBackward(workspace.tensor(compiled.output().layout()), true);
    compiled.forward(PASS);
    makeStock(model, noise);
  }

  private void makeStock(ModelSpec model, INDArray images) {
    ComputationGraph graph =
        new ComputationGraph(GraphConfiguration.of(model, new StepSettings(0.1f, 0, 0)));
    graph.init();
    graph.initGradientsView();
    graph.feedForward(new INDArray[] {images}, true, false);
    List<Layer> layers = new ArrayList<>();
    for (Layer layer : graph.getLayers()) {
      if (layer.conf().getLayer().getLayerName().startsWith("2-")) {
        layers.add(layer);
      }
    }
    for (int part = 0; part < layers.size(); part++) {
      Layer layer = layers.get(part);
      INDArray input = layer.input().dup();
      layer.setInput(input, LayerWorkspaceMgr.noWorkspaces());
      INDArray output = layer.activate(true, LayerWorkspaceMgr.noWorkspaces());
      stock.add(layer);
      stockInputs.add(input);
      stockGradients.add(Nd4j.randn(DataType.FLOAT, output.shape()));
    }
  }

  /** Frees the native memory. */
  @TearDown
  public void free() {
    workspace.close();
  }

  /** The layer on oneDNN, forward. */
  @Benchmark
  public void forward() {
    compiled.forward(PASS);
  }

  /** The layer on oneDNN, backward: gradients by parameters and input. */
  @Benchmark
  public void backward() {
    compiled.backward(PASS);
  }

  /** The stock layer forward; the parts of a grouped one in turn. */
  @Benchmark
  public Object stockForward() {
    INDArray last = null;
    for (int part = 0; part < stock.size(); part++) {
      stock.get(part).setInput(stockInputs.get(part), LayerWorkspaceMgr.noWorkspaces());
      last = stock.get(part).activate(true, LayerWorkspaceMgr.noWorkspaces());
    }
    return last;
  }

  /** The stock layer backward. */
  @Benchmark
  public Object stockBackward() {
    Object last = null;
    for (int part = 0; part < stock.size(); part++) {
      stock.get(part).setInput(stockInputs.get(part), LayerWorkspaceMgr.noWorkspaces());
      last =
          stock
              .get(part)
              .backpropGradient(stockGradients.get(part), LayerWorkspaceMgr.noWorkspaces());
    }
    return last;
  }
}
