package io.stoker.models.onednn;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * A network on oneDNN primitives that are compiled once, for the full batch. A smaller batch is
 * padded with zeros whose loss gradient is zero, so that the padding adds exactly nothing.
 */
final class OneDnnNetwork implements Network {
  private final ModelSpec model;
  private final int batchCapacity;
  private final Workspace workspace;
  private final Vectors vectors;
  private final Descent descent;
  private final Tensor images;
  private final List<Stage> stages = new ArrayList<>();
  private final SoftmaxCrossEntropy loss;

  /** The first stage with parameters: the backward pass ends there. */
  private final int firstLearning;

  private Tensor logitsGradient;

  /**
   * @param workspace owns the network's memory; closed with the network
   */
  OneDnnNetwork(Workspace workspace, ModelSpec model, int batchCapacity) {
    this.workspace = workspace;
    this.model = model;
    this.batchCapacity = batchCapacity;
    vectors = new Vectors(workspace, model.parameterCount());
    descent = new Descent(model);
    loss = new SoftmaxCrossEntropy(batchCapacity, model.classes());
    images =
        workspace.tensor(
            Layout.plain(
                batchCapacity,
                model.input().channels(),
                model.input().height(),
                model.input().width()));
    List<ModelSpec.Placed> placed = model.placed();
    firstLearning =
        IntStream.range(0, placed.size())
            .filter(i -> !placed.get(i).parameters().isEmpty())
            .findFirst()
            .orElseThrow();
    Tensor activations = images;
    for (ModelSpec.Placed layer : placed) {
      Stage stage = stage(layer, activations);
      stages.add(stage);
      activations = stage.output();
    }
  }

  private Stage stage(ModelSpec.Placed placed, Tensor input) {
    LayerSpec layer = placed.layer();
    Stage previous = stages.isEmpty() ? null : stages.get(stages.size() - 1);
    if (layer instanceof LayerSpec.Convolution convolution) {
      return new ConvolutionStage(workspace, vectors, placed, convolution, input);
    } else if (layer instanceof LayerSpec.Pooling pooling) {
      return new PoolingStage(workspace, placed, pooling, input);
    } else if (layer instanceof LayerSpec.LocalResponseNormalization normalization) {
      return new NormalizationStage(workspace, normalization, input);
    } else if (layer instanceof LayerSpec.Activation activation) {
      return new ActivationStage(
          workspace, activation.function(), input, !(previous instanceof ActivationStage));
    } else if (layer instanceof LayerSpec.Dropout dropout) {
      return new DropoutStage(workspace, placed.index(), dropout, input);
    } else if (layer instanceof LayerSpec.Dense dense) {
      return new DenseStage(workspace, vectors, placed, dense, input);
    }
    throw new IllegalStateException("No stage for " + layer);
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
  public BatchScore computeGradients(float[] images, int[] labels, int examples, long dropoutSeed) {
    if (logitsGradient == null) {
      prepareBackward();
    }
    forward(images, examples, new Stage.Pass(true, dropoutSeed));
    BatchScore score = loss.score(logits().buffer(), labels, examples, logitsGradient.buffer());
    Stage.Pass pass = new Stage.Pass(true, dropoutSeed);
    for (int i = stages.size() - 1; i >= firstLearning; i--) {
      stages.get(i).backward(pass);
    }
    return score;
  }

  private void prepareBackward() {
    Tensor gradient = workspace.tensor(logits().layout());
    logitsGradient = gradient;
    for (int i = stages.size() - 1; i >= firstLearning; i--) {
      gradient = stages.get(i).prepareBackward(gradient, i > firstLearning);
    }
  }

  private void forward(float[] values, int examples, Stage.Pass pass) {
    if (examples < 1 || examples > batchCapacity) {
      throw new IllegalArgumentException(
          "Invalid examples: %d (must be between 1 and %d)".formatted(examples, batchCapacity));
    }
    int size = examples * model.input().features();
    if (values.length < size) {
      throw new IllegalArgumentException(
          "Invalid images: %d values (%d examples have %d)"
              .formatted(values.length, examples, size));
    }
    FloatBuffer target = images.buffer();
    target.put(values, 0, size);
    while (target.hasRemaining()) {
      target.put(0);
    }
    for (Stage stage : stages) {
      stage.forward(pass);
    }
  }

  private Tensor logits() {
    return stages.get(stages.size() - 1).output();
  }

  @Override
  public void update(StepSettings settings) {
    descent.update(vectors, settings);
  }

  @Override
  public void predict(float[] images, int examples, float[] probabilities) {
    forward(images, examples, new Stage.Pass(false, 0));
    if (probabilities.length < examples * model.classes()) {
      throw new IllegalArgumentException(
          "Invalid probabilities: room for %d values (%d examples have %d)"
              .formatted(probabilities.length, examples, examples * model.classes()));
    }
    loss.probabilities(logits().buffer(), examples, probabilities);
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
    read(vectors.velocity(), offset, target);
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    write(vectors.velocity(), offset, source);
  }

  @Override
  public void resetUpdaterState() {
    if (vectors.hasVelocity()) {
      FloatPointer velocity = vectors.velocity();
      Pointer.memset(velocity, 0, velocity.capacity() * Float.BYTES);
    }
  }

  private static void read(FloatPointer vector, long offset, FloatBuffer target) {
    FloatBuffer source = vector.asBuffer();
    source.position(Math.toIntExact(offset)).limit(Math.toIntExact(offset + target.remaining()));
    target.put(source);
  }

  private static void write(FloatPointer vector, long offset, FloatBuffer source) {
    vector.asBuffer().position(Math.toIntExact(offset)).put(source);
  }

  @Override
  public void close() {
    workspace.close();
  }
}
