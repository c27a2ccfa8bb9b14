// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn.layers;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.onednn.memory.Layout;
import io.stoker.models.onednn.memory.Tensor;
import io.stoker.models.onednn.primitives.Reorder;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;

/**
 * A model compiled for one batch size. It owns its activations; the network owns the vectors of
 * parameters and gradients.
 */
public final class CompiledModel implements AutoCloseable {
  /** A value for the number of frozen layers: the gradient by the images is needed as well. */
  public static final int TO_THE_IMAGES = -1;

  private final ModelSpec model;
  private final int examples;
  private final int frozenLayers;
  private final Workspace workspace;
  private final FlatVectors vectors;
  private final Tensor images;
  private final List<CompiledLayer> layers = new ArrayList<>();
  private final SoftmaxCrossEntropy loss;
  private final CompiledLayer.Pass training = CompiledLayer.Pass.training();

  /** Null until the first backward pass: a network that only predicts needs none. */
  private Tensor logitsGradient;

  /**
   * Where each layer's backward pass writes the gradient by its input, from the last layer down.
   */
  private final Deque<Tensor> inputGradients = new ArrayDeque<>();

  private final IdentityHashMap<Tensor, Reorder> plain = new IdentityHashMap<>();

  /** Null where layers are not timed. */
  private LayerTimes times;

  /** The version of the parameters at the pass before; -1 if there was none. */
  private long version = -1;

  private CompiledModel(
      Workspace workspace, ModelSpec model, int frozenLayers, FlatVectors vectors, int examples) {
    this.workspace = workspace;
    this.vectors = vectors;
    this.model = model;
    this.frozenLayers = frozenLayers;
    this.examples = examples;
    loss = new SoftmaxCrossEntropy(examples, model.classes());
    images =
        workspace.transientTensor(
            Layout.plain(
                examples, model.input().channels(), model.input().height(), model.input().width()));
    // Each layer's own output can be looked at, where gradients go to the images.
    LayerCompiler.Fusion fusion =
        frozenLayers == TO_THE_IMAGES ? LayerCompiler.Fusion.NONE : LayerCompiler.Fusion.ALLOWED;
    layers.addAll(LayerCompiler.chain(workspace, vectors, model.placed(), images, true, fusion));
    if (!layers.get(0).needsInput()) {
      workspace.end(images);
    }
  }

  /**
   * Compiles a model.
   *
   * @param model the model
   * @param frozenLayers the number of layers, from the first, that need no gradient
   * @param vectors its parameters and gradients
   * @param examples the size of every batch
   * @param workspace made for it, which it closes
   */
  public static CompiledModel compile(
      ModelSpec model, int frozenLayers, FlatVectors vectors, int examples, Workspace workspace) {
    try {
      workspace.beginPlan();
      CompiledModel compiled = new CompiledModel(workspace, model, frozenLayers, vectors, examples);
      workspace.endPlan();
      return compiled;
    } catch (RuntimeException | Error e) { // Native memory that is missing is an error.
      workspace.close();
      throw e;
    }
  }

  /** Times each pass of each layer from now on. */
  void timeLayers(LayerTimes measured) {
    TimedLayer.replace(layers, model.placed(), measured);
    times = measured;
    workspace.deferred().forEach(gradient -> gradient.time(measured));
  }

  int examples() {
    return examples;
  }

  /** See {@link io.stoker.models.engine.Network#computeGradients}. */
  public BatchScore computeGradients(
      float[] values, float[] targets, float[] weights, long dropoutSeed) {
    if (logitsGradient == null) {
      prepareBackward();
    }
    CompiledLayer.Pass pass = training.withSeed(dropoutSeed);
    forward(values, pass);
    BatchScore score = loss.score(logits().buffer(), targets, weights, logitsGradient.buffer());
    for (int i = layers.size() - 1; i >= frozenLayers; i--) {
      layers.get(i).backward(pass);
    }
    return score;
  }

  private void prepareBackward() {
    workspace.beginPlan();
    Tensor gradient = workspace.tensor(logits().layout());
    logitsGradient = gradient;
    for (int i = layers.size() - 1; i >= Math.max(0, frozenLayers); i--) {
      int moment = workspace.moment();
      Tensor byInput = layers.get(i).prepareBackward(gradient, i > frozenLayers);
      workspace.endAllSince(moment, byInput);
      if (!byInput.sharesMemoryWith(gradient)) {
        workspace.end(gradient);
      }
      inputGradients.addLast(byInput);
      gradient = byInput;
    }
    workspace.endPlan();
    workspace.deferred().forEach(deferred -> deferred.time(times));
  }

  /** The gradients that {@link #computeGradients} has left to be computed. */
  public List<DeferredGradient> deferred() {
    return workspace.deferred();
  }

  /** See {@link io.stoker.models.engine.Network#predict}. */
  public void predict(float[] values, float[] probabilities) {
    forward(values, CompiledLayer.Pass.INFERENCE);
    loss.probabilities(logits().buffer(), probabilities);
  }

  /** See {@link io.stoker.models.engine.Network#activations}. */
  public void activations(float[] values, int layer, float[] activations) {
    setImages(values);
    for (CompiledLayer each : layers.subList(0, layer)) {
      each.forward(CompiledLayer.Pass.INFERENCE);
    }
    read(before(layer), activations);
  }

  /** The input of a layer. */
  private Tensor before(int layer) {
    return layer == 0 ? images : layers.get(layer - 1).output();
  }

  /**
   * See {@link io.stoker.models.engine.Network#inspect}; only for a model compiled with {@link
   * #TO_THE_IMAGES}.
   */
  public void inspect(
      float[] values, int[] labels, int layer, float[] activations, float[] gradients) {
    if (logitsGradient == null) {
      layers.forEach(CompiledLayer::requireInferenceGradient);
      prepareBackward();
    }
    activations(values, layer, activations); // Now: a layer may overwrite its input.
    CompiledLayer.Pass pass = CompiledLayer.Pass.INFERENCE;
    for (CompiledLayer each : layers.subList(layer, layers.size())) {
      each.forward(pass);
    }
    FloatBuffer scores = logitsGradient.buffer();
    int classes = scores.capacity() / examples;
    for (int i = 0; i < scores.capacity(); i++) {
      scores.put(i, i % classes == labels[i / classes] ? 1 : 0);
    }
    Iterator<Tensor> gradient = inputGradients.iterator();
    for (int i = layers.size() - 1; i > layer; i--) {
      layers.get(i).backward(pass);
      gradient.next();
    }
    layers.get(layer).backward(pass);
    read(gradient.next(), gradients);
  }

  /** Copies a tensor in row-major order. */
  private void read(Tensor tensor, float[] target) {
    Reorder rowMajor =
        plain.computeIfAbsent(
            tensor, t -> workspace.convert(t, Layout.plain(t.layout().dimensions())));
    rowMajor.run();
    FloatBuffer source = rowMajor.to().buffer();
    source.get(0, target, 0, source.capacity());
  }

  private void setImages(float[] values) {
    FloatBuffer target = images.buffer();
    target.put(0, values, 0, target.capacity());
  }

  private void forward(float[] values, CompiledLayer.Pass pass) {
    if (version != vectors.version()) {
      workspace.followParameters();
      version = vectors.version();
    }
    setImages(values);
    for (int i = 0; i < layers.size(); i++) { // An iterator would be an object of each pass.
      layers.get(i).forward(pass);
    }
  }

  private Tensor logits() {
    return layers.get(layers.size() - 1).output();
  }

  @Override
  public void close() {
    workspace.close();
  }
}
