// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.models.file.TrainingClock;
import io.stoker.models.file.VectorSource;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.LayerSpec;
import io.stoker.models.spec.ModelSpec;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** A model with parameters as training may have left them, and what it predicts. */
public final class TrainedModel {
  private final ModelSpec model;
  private final float[] parameters;

  public TrainedModel(ModelSpec model, float[] parameters) {
    this.model = model;
    this.parameters = parameters;
  }

  public ModelSpec model() {
    return model;
  }

  public float[] parameters() {
    return parameters;
  }

  /** A model whose biases and running statistics are no longer those of the beginning. */
  public static TrainedModel of(ModelSpec model) {
    float[] parameters = new float[Math.toIntExact(model.parameterCount())];
    new InitialParameters(model, 3).fill(0, FloatBuffer.wrap(parameters));
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < parameters.length; i++) {
      parameters[i] += (float) random.nextDouble(-0.02, 0.02);
    }
    softenScores(model, parameters);
    return new TrainedModel(model, parameters);
  }

  /**
   * Without training, the scores of a deep residual net are in the hundreds, and rounding alone
   * changes probabilities by more than the formats may.
   */
  private static void softenScores(ModelSpec model, float[] parameters) {
    List<ModelSpec.Placed> layers = model.leaves();
    ModelSpec.Placed last = layers.get(layers.size() - 1);
    if (layers.stream().anyMatch(each -> each.layer() instanceof LayerSpec.BatchNormalization)) {
      for (int i = 0; i < last.parameterCount(); i++) {
        parameters[(int) last.parameterOffset() + i] /= 20;
      }
    }
  }

  /** The parameters of an imported model. */
  public static TrainedModel of(ImportedModel imported) throws IOException {
    float[] parameters = new float[Math.toIntExact(imported.model().parameterCount())];
    imported.parameters().read(0, FloatBuffer.wrap(parameters));
    return new TrainedModel(imported.model(), parameters);
  }

  public VectorSource source() {
    return (offset, target) -> target.put(parameters, (int) offset, target.remaining());
  }

  public ModelMetadata metadata() {
    int channels = model.input().channels();
    return new ModelMetadata(
        model,
        IntStream.range(0, model.classes()).mapToObj(i -> "class \"" + i + "\" \u2713").toList(),
        IntStream.range(0, channels).mapToObj(i -> 120.5 + i).toList(),
        IntStream.range(0, channels).mapToObj(i -> 60.25 - i).toList(),
        TrainingClock.START);
  }

  /** Pixels from 0 to 255, {@code [examples, channels, height, width]}. */
  public float[] pixels(int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] pixels = new float[examples * model.input().features()];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = random.nextInt(256);
    }
    return pixels;
  }

  /** The same images, normalised. */
  public float[] normalized(float[] pixels) {
    int area = model.input().height() * model.input().width();
    List<Double> mean = metadata().mean();
    List<Double> deviation = metadata().standardDeviation();
    float[] images = pixels.clone();
    for (int i = 0; i < images.length; i++) {
      int channel = i / area % mean.size();
      images[i] = (float) ((images[i] - mean.get(channel)) / deviation.get(channel));
    }
    return images;
  }

  /** What Stoker predicts of normalised images. */
  public float[] predict(float[] images) {
    int examples = images.length / model.input().features();
    float[] probabilities = new float[examples * model.classes()];
    try (Network network = Engines.named(Engines.AUTO).create(model, examples)) {
      network.writeParameters(0, FloatBuffer.wrap(parameters));
      network.predict(images, examples, probabilities);
    }
    return probabilities;
  }
}
