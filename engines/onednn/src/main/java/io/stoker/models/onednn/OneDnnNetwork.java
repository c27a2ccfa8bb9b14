// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import io.stoker.models.engine.BatchCheck;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.InputObserver;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.onednn.layers.CompiledModel;
import io.stoker.models.onednn.layers.CompiledSizes;
import io.stoker.models.onednn.layers.DeferredGradient;
import io.stoker.models.onednn.layers.FlatVectors;
import io.stoker.models.onednn.layers.Workspace;
import io.stoker.models.onednn.memory.Arena;
import io.stoker.models.onednn.rules.InstructionSet;
import io.stoker.models.onednn.rules.KernelRule;
import io.stoker.models.onednn.rules.Purpose;
import io.stoker.models.onednn.rules.QuantizedRule;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Quantization;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.function.Supplier;

/**
 * A network of oneDNN primitives. The model is compiled for training, for inference and for {@link
 * #inspect} when each of them is first used. They share the memory of transient values.
 */
final class OneDnnNetwork implements Network {
  private final ModelSpec model;
  private final int batchCapacity;
  private final BatchCheck check;
  private final KernelRule rule;
  private final Workspace workspace;
  private final FlatVectors vectors;
  private final SgdUpdate sgd;
  private final CompiledSizes training;
  private final CompiledSizes inference;

  /** The model with gradients by the images. */
  private final CompiledSizes inspecting;

  /** The model in inference, whose layers show {@link #observer} their inputs. */
  private final CompiledSizes observed;

  private final boolean quantized;

  /** Does nothing outside of {@link #observeInputs}. */
  private InputObserver observer = (layer, input) -> {};

  /** The gradients of the last pass that are not in the vector of gradients. */
  private List<DeferredGradient> deferred = List.of();

  /** Null until the first {@link #timeLayers}. */
  private LayerTimes times;

  /**
   * @param workspace owns the network's vectors; the network closes it
   * @param rule chooses how layers are computed
   * @param quantization which layers are computed in int8 in inference
   */
  OneDnnNetwork(
      Workspace workspace,
      ModelSpec model,
      int batchCapacity,
      RateMultipliers rates,
      KernelRule rule,
      Quantization quantization) {
    this.rule = rule;
    this.workspace = workspace;
    this.model = model;
    this.batchCapacity = batchCapacity;
    check = new BatchCheck(model, batchCapacity);
    int frozenLayers = rates.frozenLayers(model);
    vectors =
        new FlatVectors(
            workspace,
            model.parameterCount(),
            rates.frozenParameters(model),
            DeferredGradient.weights(InstructionSet.here(), model, rates));
    sgd = new SgdUpdate(vectors, model, rates);
    training = sizes(frozenLayers, Purpose.TRAINING);
    quantized = !quantization.isEmpty();
    KernelRule inInference = quantized ? new QuantizedRule(rule, quantization) : rule;
    inference = sizes(frozenLayers, () -> new Workspace(inInference, arena(), Purpose.INFERENCE));
    inspecting = sizes(CompiledModel.TO_THE_IMAGES, Purpose.TRAINING);
    observed =
        sizes(
            frozenLayers,
            () ->
                new Workspace(rule, arena(), Purpose.INFERENCE)
                    .observedBy((layer, input) -> observer.observe(layer, input)));
  }

  private Arena arena() {
    return workspace.arena();
  }

  private CompiledSizes sizes(int frozenLayers, Purpose purpose) {
    return sizes(frozenLayers, () -> new Workspace(rule, arena(), purpose));
  }

  private CompiledSizes sizes(int frozenLayers, Supplier<Workspace> workspaces) {
    return new CompiledSizes(
        batchCapacity,
        examples ->
            CompiledModel.compile(model, frozenLayers, vectors, examples, workspaces.get()));
  }

  @Override
  public ModelSpec model() {
    return model;
  }

  @Override
  public int batchCapacity() {
    return batchCapacity;
  }

  @Override
  public BatchScore computeGradients(
      float[] images, float[] targets, float[] weights, int examples, long dropoutSeed) {
    check.step(images, targets, weights, examples);
    deferred = List.of(); // Their model may be closed, to make room for one of another size.
    CompiledModel compiled = training.of(examples);
    BatchScore score = compiled.computeGradients(images, targets, weights, dropoutSeed);
    deferred = compiled.deferred();
    return score;
  }

  @Override
  public void predict(float[] images, int examples, float[] probabilities) {
    check.prediction(images, examples, probabilities);
    inference.of(examples).predict(images, probabilities);
  }

  @Override
  public void observeInputs(float[] images, int examples, InputObserver observer) {
    float[] probabilities = new float[examples * model.classes()];
    check.prediction(images, examples, probabilities);
    this.observer = observer;
    try {
      observed.of(examples).predict(images, probabilities);
    } finally {
      this.observer = (layer, input) -> {};
    }
  }

  @Override
  public void activations(float[] images, int examples, int layer, float[] activations) {
    check.activations(images, examples, layer, activations);
    inspecting.of(examples).activations(images, layer, activations);
  }

  @Override
  public void inspect(
      float[] images,
      int examples,
      int[] labels,
      int layer,
      float[] activations,
      float[] gradients) {
    check.inspection(images, examples, labels, layer, activations, gradients);
    inspecting.of(examples).inspect(images, labels, layer, activations, gradients);
  }

  @Override
  public LayerTimes timeLayers() {
    if (times == null) {
      times = new LayerTimes(model);
      training.timeLayers(times);
      inference.timeLayers(times);
    }
    return times;
  }

  @Override
  public void update(StepSettings settings) {
    if (settings.clipNorm() != StepSettings.UNCLIPPED) {
      writeDeferred(); // The norm is that of the whole gradient.
    }
    sgd.update(settings, deferred);
    parametersChanged();
  }

  /** Integer weights are computed where the model is compiled. */
  private void parametersChanged() {
    vectors.change();
    if (quantized) {
      inference.close();
    }
  }

  @Override
  public void readParameters(long offset, FloatBuffer target) {
    read(vectors.parameterBuffer(), offset, target);
  }

  @Override
  public void writeParameters(long offset, FloatBuffer source) {
    write(vectors.parameterBuffer(), offset, source);
    parametersChanged();
  }

  private void writeDeferred() {
    deferred.forEach(gradient -> gradient.write(vectors));
    deferred = List.of();
  }

  @Override
  public void readGradients(long offset, FloatBuffer target) {
    writeDeferred();
    read(vectors.gradientBuffer(), offset, target);
  }

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {
    long second = offset - vectors.size();
    if (second < 0) {
      read(vectors.velocityBuffer(), offset, target);
    } else {
      read(vectors.secondMomentBuffer(), second, target);
    }
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    long second = offset - vectors.size();
    if (second < 0) {
      write(vectors.velocityBuffer(), offset, source);
    } else {
      write(vectors.secondMomentBuffer(), second, source);
    }
  }

  @Override
  public void resetUpdaterState() {
    vectors.clearState();
  }

  private static void read(FloatBuffer vector, long offset, FloatBuffer target) {
    target.put(vector.slice(Math.toIntExact(offset), target.remaining()));
  }

  private static void write(FloatBuffer vector, long offset, FloatBuffer source) {
    vector.slice(Math.toIntExact(offset), source.remaining()).put(source);
  }

  @Override
  public void close() {
    training.close();
    inference.close();
    inspecting.close();
    observed.close();
    workspace.close();
  }
}
