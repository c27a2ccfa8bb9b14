package io.stoker.models.onednn;

import io.stoker.failure.InputException;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;

/**
 * A network compiled for one batch size. It owns its activations; the vectors are the network's.
 */
final class Program implements AutoCloseable {
  /** In place of a number of frozen layers: even the images' gradient is needed. */
  static final int TO_THE_IMAGES = -1;

  private final int examples;
  private final int frozenLayers;
  private final Workspace workspace;
  private final Tensor images;
  private final List<Stage> stages = new ArrayList<>();
  private final SoftmaxCrossEntropy loss;

  /** Null until the first backward pass: a network that only predicts needs none. */
  private Tensor logitsGradient;

  /** Of each stage from the last one down, where its backward pass leaves the input's gradient. */
  private final Deque<Tensor> inputGradients = new ArrayDeque<>();

  private final IdentityHashMap<Tensor, Conversion> plain = new IdentityHashMap<>();

  private Program(
      Workspace workspace, ModelSpec model, int frozenLayers, Vectors vectors, int examples) {
    this.workspace = workspace;
    this.frozenLayers = frozenLayers;
    this.examples = examples;
    loss = new SoftmaxCrossEntropy(examples, model.classes());
    images =
        workspace.tensor(
            Layout.plain(
                examples, model.input().channels(), model.input().height(), model.input().width()));
    Tensor activations = images;
    for (ModelSpec.Placed layer : model.placed()) {
      boolean inPlace = stages.isEmpty() || !stages.get(stages.size() - 1).needsOutput();
      Stage stage = stage(workspace, vectors, layer, activations, inPlace);
      stages.add(stage);
      activations = stage.output();
    }
  }

  /**
   * Compiles a network.
   *
   * @param model what it computes
   * @param frozenLayers how many layers, from the first, need no gradient
   * @param vectors its parameters and gradients
   * @param examples the size of every batch
   */
  static Program compile(ModelSpec model, int frozenLayers, Vectors vectors, int examples) {
    Workspace workspace = new Workspace();
    try {
      return new Program(workspace, model, frozenLayers, vectors, examples);
    } catch (RuntimeException e) {
      workspace.close();
      throw e;
    }
  }

  /**
   * Compiles one layer.
   *
   * @param inPlace whether an activation may overwrite its input
   */
  static Stage stage(
      Workspace workspace,
      Vectors vectors,
      ModelSpec.Placed placed,
      Tensor input,
      boolean inPlace) {
    LayerSpec layer = placed.layer();
    if (layer instanceof LayerSpec.Convolution convolution) {
      return new ConvolutionStage(workspace, vectors, placed, convolution, input);
    } else if (layer instanceof LayerSpec.Pooling pooling) {
      return new PoolingStage(workspace, placed, pooling, input);
    } else if (layer instanceof LayerSpec.LocalResponseNormalization normalization) {
      return new NormalizationStage(workspace, normalization, input);
    } else if (layer instanceof LayerSpec.BatchNormalization normalization) {
      return new BatchNormalizationStage(workspace, vectors, placed, normalization, input);
    } else if (layer instanceof LayerSpec.Activation activation) {
      return new ActivationStage(workspace, activation.function(), input, inPlace);
    } else if (layer instanceof LayerSpec.Dropout dropout) {
      return new DropoutStage(workspace, placed.index(), dropout, input);
    } else if (layer instanceof LayerSpec.Dense dense) {
      return new DenseStage(workspace, vectors, placed, dense, input);
    } else if (layer instanceof LayerSpec.Lstm lstm) {
      return new LstmStage(workspace, vectors, placed, lstm, input);
    }
    throw new IllegalStateException("No stage for " + layer);
  }

  /** Has each pass of each layer timed from now on. */
  LayerTimes timeLayers() {
    LayerTimes times = new LayerTimes(stages.size());
    for (int layer = 0; layer < stages.size(); layer++) {
      stages.set(layer, new TimedStage(stages.get(layer), layer, times));
    }
    return times;
  }

  int examples() {
    return examples;
  }

  /** See {@link io.stoker.models.engine.Network#computeGradients}. */
  BatchScore computeGradients(float[] values, float[] targets, long dropoutSeed) {
    if (logitsGradient == null) {
      prepareBackward();
    }
    Stage.Pass pass = new Stage.Pass(true, dropoutSeed);
    forward(values, pass);
    BatchScore score = loss.score(logits().buffer(), targets, logitsGradient.buffer());
    for (int i = stages.size() - 1; i >= frozenLayers; i--) {
      stages.get(i).backward(pass);
    }
    return score;
  }

  private void prepareBackward() {
    Tensor gradient = workspace.tensor(logits().layout());
    logitsGradient = gradient;
    for (int i = stages.size() - 1; i >= Math.max(0, frozenLayers); i--) {
      gradient = stages.get(i).prepareBackward(gradient, i > frozenLayers);
      inputGradients.addLast(gradient);
    }
  }

  /** See {@link io.stoker.models.engine.Network#predict}. */
  void predict(float[] values, float[] probabilities) {
    forward(values, new Stage.Pass(false, 0));
    loss.probabilities(logits().buffer(), probabilities);
  }

  /** See {@link io.stoker.models.engine.Network#activations}. */
  void activations(float[] values, int layer, float[] activations) {
    Stage.Pass pass = new Stage.Pass(false, 0);
    show(values);
    for (Stage stage : stages.subList(0, layer)) {
      stage.forward(pass);
    }
    read(before(layer), activations);
  }

  private Tensor before(int layer) {
    return layer == 0 ? images : stages.get(layer - 1).output();
  }

  /** See {@link io.stoker.models.engine.Network#inspect}; for programs {@link #TO_THE_IMAGES}. */
  void inspect(float[] values, int[] labels, int layer, float[] activations, float[] gradients) {
    if (logitsGradient == null) {
      requireDerivable();
      prepareBackward();
    }
    activations(values, layer, activations); // Now: a stage may overwrite what it takes in.
    Stage.Pass pass = new Stage.Pass(false, 0);
    for (Stage stage : stages.subList(layer, stages.size())) {
      stage.forward(pass);
    }
    FloatBuffer scores = logitsGradient.buffer();
    int classes = scores.capacity() / examples;
    for (int i = 0; i < scores.capacity(); i++) {
      scores.put(i, i % classes == labels[i / classes] ? 1 : 0);
    }
    Iterator<Tensor> gradient = inputGradients.iterator();
    for (int i = stages.size() - 1; i > layer; i--) {
      stages.get(i).backward(pass);
      gradient.next();
    }
    stages.get(layer).backward(pass);
    read(gradient.next(), gradients);
  }

  private void requireDerivable() {
    if (stages.stream().anyMatch(stage -> stage instanceof BatchNormalizationStage)) {
      throw new InputException(
          "Cannot look into a model with batch normalization: its derivative in inference mode is"
              + " not implemented");
    }
  }

  /** Copies a tensor in row-major order. */
  private void read(Tensor tensor, float[] target) {
    Conversion rowMajor =
        plain.computeIfAbsent(
            tensor, t -> workspace.convert(t, Layout.plain(t.layout().dimensions())));
    rowMajor.run();
    FloatBuffer source = rowMajor.to().buffer();
    source.get(target, 0, source.capacity());
  }

  private void show(float[] values) {
    FloatBuffer target = images.buffer();
    target.put(values, 0, target.capacity());
  }

  private void forward(float[] values, Stage.Pass pass) {
    show(values);
    for (Stage stage : stages) {
      stage.forward(pass);
    }
  }

  private Tensor logits() {
    return stages.get(stages.size() - 1).output();
  }

  @Override
  public void close() {
    workspace.close();
  }
}
