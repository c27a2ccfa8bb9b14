// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.ModelYaml;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class InspectionTest {
  private static final ModelSpec MODEL =
      model(
          """
          name: inspected
          input: [9, 9, 2]
          layers:
            - conv: {filters: 20, kernel: 3, padding: 1}
            - tanh
            - max-pool: {kernel: 3, stride: 2}
            - dropout: 0.5
            - dense: 12
            - tanh
            - dense: 4
          """);

  private static final int FEATURES = MODEL.input().features();
  private static final int LAST = MODEL.layers().size() - 1;

  private final float[] parameters = random(1, (int) MODEL.parameterCount(), 0.3f);
  private final float[] images = random(2, 3 * FEATURES, 1);

  @Test
  void derivesByThePixelsAsFiniteDifferencesDo() {
    try (Network network = network()) {
      float[] a = gradients(network, new int[] {2, 0, 1}, 0);
      float[] b = gradients(network, new int[] {3, 3, 3}, 0);
      for (int pixel = 0; pixel < 3 * FEATURES; pixel += 7) {
        int example = pixel / FEATURES;
        int label = new int[] {2, 0, 1}[example];
        // The normalizer of softmax drops out of the difference of two scores.
        double expected =
            (difference(network, pixel, 4e-3f, example, label)
                    - difference(network, pixel, -4e-3f, example, label))
                / 8e-3;
        assertThat((double) a[pixel] - b[pixel]).isCloseTo(expected, within(2e-3));
      }
    }
  }

  private double difference(Network network, int pixel, float step, int example, int label) {
    float[] moved = images.clone();
    moved[pixel] += step;
    float[] probabilities = new float[3 * 4];
    network.predict(moved, 3, probabilities);
    return Math.log(probabilities[example * 4 + label]) - Math.log(probabilities[example * 4 + 3]);
  }

  @Test
  void derivesByTheLastHiddenLayerAsItsWeightsSay() {
    int units = MODEL.placed().get(LAST).input().features();
    int offset = (int) MODEL.placed().get(LAST).parameterOffset();
    try (Network network = network()) {
      float[] activations = new float[3 * units];
      float[] gradients = new float[3 * units];
      network.inspect(images, 3, new int[] {2, 0, 1}, LAST, activations, gradients);
      float[] alone = new float[3 * units];
      network.activations(images, 3, LAST, alone);
      assertThat(alone).isEqualTo(activations);
      float[] probabilities = new float[12];
      network.predict(images, 3, probabilities);
      for (int example = 0; example < 3; example++) {
        double[] scores = new double[4];
        for (int c = 0; c < 4; c++) {
          scores[c] = parameters[offset + 4 * units + c];
          for (int unit = 0; unit < units; unit++) {
            scores[c] +=
                parameters[offset + c * units + unit] * activations[example * units + unit];
          }
        }
        assertThat(Math.log(probabilities[example * 4]) - Math.log(probabilities[example * 4 + 1]))
            .isCloseTo(scores[0] - scores[1], within(1e-4));
        int label = new int[] {2, 0, 1}[example];
        for (int unit = 0; unit < units; unit++) {
          assertThat(gradients[example * units + unit])
              .isEqualTo(parameters[offset + label * units + unit]);
        }
      }
    }
  }

  @Test
  void takesInTheImagesBeforeTheFirstLayer() {
    try (Network network = network()) {
      float[] activations = new float[3 * FEATURES];
      network.inspect(images, 3, new int[3], 0, activations, new float[3 * FEATURES]);

      assertThat(activations).isEqualTo(images);
    }
  }

  @Test
  void derivesThroughBlocksAndNormalizationInInferenceMode() {
    ModelSpec model =
        model(
            """
            name: blocks
            input: [6, 5, 2]
            layers:
              - residual:
                  body:
                    - batch-norm
                    - tanh
                    - conv: {filters: 4, kernel: 3, padding: 1, bias: none}
                    - batch-norm
                  shortcut: {conv: {filters: 4, kernel: 1}}
                  after: tanh
              - branches:
                  - [{depthwise-conv: {kernel: 3, padding: 1}}, batch-norm]
                  - []
              - global-average-pool
              - dense: 3
            """);
    float[] values = random(4, (int) model.parameterCount(), 0.4f);
    float[] image = random(5, model.input().features(), 1);
    try (Network network = new OneDnnEngine().create(model, 1)) {
      network.writeParameters(0, FloatBuffer.wrap(values));
      float[] a = new float[image.length];
      float[] b = new float[image.length];
      network.inspect(image, 1, new int[] {0}, 0, new float[image.length], a);
      network.inspect(image, 1, new int[] {2}, 0, new float[image.length], b);
      for (int pixel = 0; pixel < image.length; pixel++) {
        double expected =
            (logRatio(network, image, pixel, 4e-3f) - logRatio(network, image, pixel, -4e-3f))
                / 8e-3;
        assertThat((double) a[pixel] - b[pixel]).isCloseTo(expected, within(2e-3));
      }
    }
  }

  /** The difference of the scores of classes 0 and 2 with one pixel moved. */
  private static double logRatio(Network network, float[] image, int pixel, float step) {
    float[] moved = image.clone();
    moved[pixel] += step;
    float[] probabilities = new float[3];
    network.predict(moved, 1, probabilities);
    return Math.log(probabilities[0]) - Math.log(probabilities[2]);
  }

  private float[] gradients(Network network, int[] labels, int layer) {
    int features = MODEL.placed().get(layer).input().features();
    float[] gradients = new float[3 * features];
    network.inspect(images, 3, labels, layer, new float[3 * features], gradients);
    return gradients;
  }

  private Network network() {
    Network network = new OneDnnEngine().create(MODEL, 4);
    network.writeParameters(0, FloatBuffer.wrap(parameters));
    return network;
  }

  private static float[] random(long seed, int count, float scale) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian() * scale;
    }
    return values;
  }

  private static ModelSpec model(String yaml) {
    try {
      return ModelYaml.read(
          new ByteArrayInputStream(yaml.getBytes(StandardCharsets.UTF_8)), "test", 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
