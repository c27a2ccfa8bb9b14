// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelSpec.Placed;
import io.stoker.models.spec.ModelYaml;
import io.stoker.models.spec.ParameterSpec;
import io.stoker.models.spec.ParameterSpec.Role;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/** Random images and what networks make of them. */
final class Batches {
  private Batches() {}

  static float[] images(ModelSpec model, int examples, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] images = new float[examples * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextDouble(-1.5, 1.5);
    }
    return images;
  }

  /** Images as a job sends them. */
  static ByteImages bytes(ModelSpec model, int examples, long seed) {
    byte[] pixels = new byte[examples * model.input().features()];
    new SplittableRandom(seed).nextBytes(pixels);
    float[][] values = new float[model.input().channels()][256];
    for (float[] ofChannel : values) {
      for (int pixel = 0; pixel < ofChannel.length; pixel++) {
        ofChannel[pixel] = (pixel - 127.5f) / 73.9f;
      }
    }
    return new ByteImages(pixels, values);
  }

  static float[] targets(ModelSpec model, int examples, long seed) {
    int[] labels = new SplittableRandom(seed).ints(examples, 0, model.classes()).toArray();
    float[] targets = new float[examples * model.classes()];
    Targets.fill(labels, examples, model.classes(), 0.1f, targets);
    return targets;
  }

  static float[] initialParameters(ModelSpec model) {
    float[] parameters = new float[(int) model.parameterCount()];
    new InitialParameters(model, 7).fill(0, FloatBuffer.wrap(parameters));
    return parameters;
  }

  /**
   * Parameters under which units differ. AlexNet's own first ones are nearly the same for all units
   * of a layer: then rounding decides which of them is the largest of a pooling window.
   */
  static float[] randomParameters(ModelSpec model) {
    SplittableRandom random = new SplittableRandom(7);
    float[] values = initialParameters(model);
    int offset = 0;
    for (Placed placed : model.placed()) {
      for (ParameterSpec tensor : placed.parameters()) {
        double bound = 1.5 / Math.sqrt(tensor.fanIn());
        boolean normalizes = tensor.role() == Role.SCALE || tensor.role() == Role.STATISTIC;
        for (int i = 0; i < tensor.size(); i++, offset++) {
          values[offset] = normalizes ? values[offset] : (float) random.nextDouble(-bound, bound);
        }
      }
    }
    return values;
  }

  static float[] parameters(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readParameters(0, FloatBuffer.wrap(values));
    return values;
  }

  static float[] gradients(Network network) {
    float[] values = new float[(int) network.model().parameterCount()];
    network.readGradients(0, FloatBuffer.wrap(values));
    return values;
  }

  static float[] predict(Network network, float[] images, int examples) {
    float[] probabilities = new float[examples * network.model().classes()];
    network.predict(images, examples, probabilities);
    return probabilities;
  }

  static ModelSpec model(String yaml) {
    try {
      return ModelYaml.read(
          new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "test", 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
