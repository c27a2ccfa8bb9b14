// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.BatchCheck;
import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ObjLongConsumer;
import java.util.function.Supplier;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * A network of libtorch's operations. The backward pass calls libtorch's gradient operations
 * directly: its autograd would allocate the gradients that the flat vector already has room for.
 * Every call has a {@link PointerScope}, which frees what the call has created when it ends.
 */
@SuppressWarnings("try") // Scopes are opened and closed, and not used in between.
final class TorchNetwork implements Network {
  private final ModelSpec model;
  private final int batchCapacity;
  private final BatchCheck check;
  private final int frozenLayers;
  private final NetworkMemory memory;
  private final FlatVectors vectors;
  private final SgdUpdate sgd;
  private final DropoutMasks masks;
  private final LayerChain layers;
  private final SoftmaxCrossEntropy loss;
  private final ImageUpload upload;

  private final LayerTimes times;
  private boolean timed;

  /**
   * @param memory owns the network's memory; the network closes it
   */
  TorchNetwork(NetworkMemory memory, ModelSpec model, int batchCapacity, RateMultipliers rates) {
    this.memory = memory;
    this.model = model;
    this.batchCapacity = batchCapacity;
    check = new BatchCheck(model, batchCapacity);
    frozenLayers = rates.frozenLayers(model);
    vectors = new FlatVectors(memory, model.parameterCount());
    sgd = new SgdUpdate(memory, vectors, model, rates);
    upload = new ImageUpload(memory, model.input(), batchCapacity, memory::order);
    loss = new SoftmaxCrossEntropy(memory, batchCapacity, model.classes());
    masks = new DropoutMasks(memory, batchCapacity);
    layers = new LayerChain(memory, vectors, masks, model.placed(), true);
    times = new LayerTimes(model);
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
    return computeGradients(
        () -> upload.send(images, examples),
        examples,
        dropoutSeed,
        logits -> loss.score(logits, targets, weights, examples));
  }

  @Override
  public BatchScore computeGradients(
      ByteImages images, float[] targets, float[] weights, int examples, long dropoutSeed) {
    check.step(images, targets, weights, examples);
    return computeGradients(
        () -> upload.send(images, examples),
        examples,
        dropoutSeed,
        logits -> loss.score(logits, targets, weights, examples));
  }

  /**
   * Queues the whole step, and then waits for its score only: a GPU still computes gradients when
   * the caller sends the next images.
   */
  private BatchScore computeGradients(
      Supplier<Tensor> images,
      int examples,
      long dropoutSeed,
      Function<Tensor, Supplier<BatchScore>> scoring) {
    try (Tf32Gate.Pass turn = memory.beginPass();
        PointerScope scope = new PointerScope()) {
      vectors.statistics().clear();
      vectors.copies().clear();
      masks.draw(dropoutSeed);
      TorchLayer.Pass pass = new TorchLayer.Pass(true);
      Tensor logits =
          layers.forward(images.get(), 0, layers.size(), pass, timer(examples, times::addForward));
      Supplier<BatchScore> score = scoring.apply(logits);
      layers.backward(
          loss.gradient(), frozenLayers, pass, false, timer(examples, times::addBackward));
      vectors.statistics().put();
      vectors.copies().put();
      upload.computed();
      return score.get();
    }
  }

  /** Adds to the times of the layers; empty if this call is not timed. */
  private Optional<LayerChain.Timer> timer(int examples, ObjLongConsumer<Integer> times) {
    if (!timed || examples != batchCapacity) {
      return Optional.empty();
    }
    return Optional.of(
        (layer, start) -> {
          memory.await();
          times.accept(layer, System.nanoTime() - start);
        });
  }

  @Override
  public void predict(float[] images, int examples, float[] probabilities) {
    check.prediction(images, examples, probabilities);
    try (Tf32Gate.Pass turn = memory.beginPass();
        PointerScope scope = new PointerScope()) {
      TorchLayer.Pass pass = new TorchLayer.Pass(false);
      Tensor logits =
          layers.forward(
              upload.send(images, examples),
              0,
              layers.size(),
              pass,
              timer(examples, times::addForward));
      upload.computed();
      memory.download(SoftmaxCrossEntropy.probabilities(logits), probabilities);
    }
  }

  @Override
  public void activations(float[] images, int examples, int layer, float[] activations) {
    check.activations(images, examples, layer, activations);
    try (Tf32Gate.Pass turn = memory.beginPass();
        PointerScope scope = new PointerScope()) {
      TorchLayer.Pass pass = new TorchLayer.Pass(false);
      Tensor input =
          layers.forward(upload.send(images, examples), 0, layer, pass, Optional.empty());
      upload.computed();
      memory.download(input, activations);
    }
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
    try (Tf32Gate.Pass turn = memory.beginPass();
        PointerScope scope = new PointerScope()) {
      TorchLayer.Pass pass = new TorchLayer.Pass(false);
      Tensor input =
          layers.forward(upload.send(images, examples), 0, layer, pass, Optional.empty());
      memory.download(input, activations); // Now: a layer may overwrite its input.
      layers.forward(input, layer, layers.size(), pass, Optional.empty());
      float[] scores = new float[examples * model.classes()];
      for (int example = 0; example < examples; example++) {
        scores[example * model.classes() + labels[example]] = 1;
      }
      Tensor ofScores = memory.copied(scores, examples, model.classes());
      Tensor byInput = layers.backward(ofScores, layer, pass, true, Optional.empty());
      upload.computed();
      memory.download(byInput, gradients);
    }
  }

  @Override
  public LayerTimes timeLayers() {
    timed = true;
    return times;
  }

  @Override
  public void update(StepSettings settings) {
    try (PointerScope scope = new PointerScope()) {
      sgd.update(settings);
    }
  }

  @Override
  public void readParameters(long offset, FloatBuffer target) {
    read(vectors.parameters(), offset, target);
  }

  @Override
  public void writeParameters(long offset, FloatBuffer source) {
    write(vectors.parameters(), offset, source);
  }

  @Override
  public void readGradients(long offset, FloatBuffer target) {
    read(vectors.gradients(), offset, target);
  }

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {
    long second = offset - model().parameterCount();
    read(
        second < 0 ? vectors.velocity() : vectors.secondMoments(),
        second < 0 ? offset : second,
        target);
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    long second = offset - model().parameterCount();
    write(
        second < 0 ? vectors.velocity() : vectors.secondMoments(),
        second < 0 ? offset : second,
        source);
  }

  @Override
  public void resetUpdaterState() {
    vectors.clearState();
  }

  private void read(Tensor vector, long offset, FloatBuffer target) {
    if (target.hasRemaining()) {
      try (PointerScope scope = new PointerScope()) {
        memory.download(vector.narrow(0, offset, target.remaining()), target);
      }
    }
  }

  private void write(Tensor vector, long offset, FloatBuffer source) {
    if (source.hasRemaining()) {
      try (PointerScope scope = new PointerScope()) {
        memory.upload(source, vector.narrow(0, offset, source.remaining()));
      }
    }
  }

  @Override
  public void close() {
    memory.close();
  }
}
