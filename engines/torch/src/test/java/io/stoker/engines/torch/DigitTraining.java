// SPDX-License-Identifier: Apache-2.0
package io.stoker.engines.torch;

import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.zoo.Zoo;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.zip.GZIPInputStream;

/** Trains LeNet-5 on MNIST without Spark: one network, two epochs. */
final class DigitTraining {
  private static final int BATCH = 64;
  private static final int PIXELS = 28 * 28;
  private static final int EPOCHS = 2;
  private static final float RATE = 0.02f;
  private static final float MEAN = 0.1307f;
  private static final float DEVIATION = 0.3081f;

  /**
   * The result of a training.
   *
   * @param accuracy the share of the 10,000 test images that are classified correctly
   * @param parameters at the end
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared as a whole
  record Result(double accuracy, float[] parameters, double imagesPerSecond) {}

  private final Path folder;

  /**
   * @param folder the four files of MNIST, gzipped
   */
  DigitTraining(Path folder) {
    this.folder = folder;
  }

  /**
   * Trains for two epochs, or for fewer steps.
   *
   * @param most the largest number of steps
   */
  Result run(Products products, int most) throws IOException {
    float[] images = images("train-images-idx3-ubyte.gz");
    int[] labels = labels("train-labels-idx1-ubyte.gz");
    ModelSpec model = Zoo.model("lenet5-modern", 10);
    try (Network network =
        DeviceUnderTest.engine()
            .create(
                model, BATCH, RateMultipliers.ones(model), DeviceUnderTest.settings(products))) {
      network.writeParameters(0, FloatBuffer.wrap(Batches.initialParameters(model)));
      long start = System.nanoTime();
      int steps = Math.min(most, EPOCHS * labels.length / BATCH);
      int[] order = new SplittableRandom(1).ints(steps * (long) BATCH, 0, labels.length).toArray();
      float[] batch = new float[BATCH * PIXELS];
      int[] classes = new int[BATCH];
      float[] targets = new float[BATCH * 10];
      for (int step = 0; step < steps; step++) {
        for (int i = 0; i < BATCH; i++) {
          int image = order[step * BATCH + i];
          System.arraycopy(images, image * PIXELS, batch, i * PIXELS, PIXELS);
          classes[i] = labels[image];
        }
        Targets.fill(classes, BATCH, 10, 0, targets);
        network.computeGradients(batch, targets, BATCH, step);
        float rate = RATE * (1 - (float) step / steps);
        network.update(new StepSettings(rate, 0.9f, 5e-4f));
      }
      double seconds = (System.nanoTime() - start) / 1e9;
      return new Result(accuracy(network), Batches.parameters(network), steps * BATCH / seconds);
    }
  }

  private double accuracy(Network network) throws IOException {
    float[] images = images("t10k-images-idx3-ubyte.gz");
    int[] labels = labels("t10k-labels-idx1-ubyte.gz");
    int correct = 0;
    float[] probabilities = new float[BATCH * 10];
    float[] batch = new float[BATCH * PIXELS];
    for (int from = 0; from < labels.length; from += BATCH) {
      int count = Math.min(BATCH, labels.length - from);
      System.arraycopy(images, from * PIXELS, batch, 0, count * PIXELS);
      network.predict(batch, count, probabilities);
      for (int i = 0; i < count; i++) {
        int best = 0;
        for (int label = 1; label < 10; label++) {
          best = probabilities[i * 10 + label] > probabilities[i * 10 + best] ? label : best;
        }
        correct += best == labels[from + i] ? 1 : 0;
      }
    }
    return (double) correct / labels.length;
  }

  private float[] images(String name) throws IOException {
    try (DataInputStream in = open(name)) {
      in.readInt();
      int count = in.readInt();
      in.readInt();
      in.readInt();
      byte[] bytes = in.readNBytes(count * PIXELS);
      float[] images = new float[bytes.length];
      for (int i = 0; i < images.length; i++) {
        images[i] = ((bytes[i] & 0xff) / 255f - MEAN) / DEVIATION;
      }
      return images;
    }
  }

  private int[] labels(String name) throws IOException {
    try (DataInputStream in = open(name)) {
      in.readInt();
      byte[] bytes = in.readNBytes(in.readInt());
      int[] labels = new int[bytes.length];
      for (int i = 0; i < labels.length; i++) {
        labels[i] = bytes[i];
      }
      return labels;
    }
  }

  private DataInputStream open(String name) throws IOException {
    return new DataInputStream(new GZIPInputStream(Files.newInputStream(folder.resolve(name))));
  }
}
