// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.LayerTimes;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.RateMultipliers;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.engine.Targets;
import io.stoker.models.spec.InitialParameters;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** One network, with a batch of random images, in the form in which a job would give it them. */
final class StepWorker implements AutoCloseable {
  private static final StepSettings SETTINGS = new StepSettings(0.001f, 0.9f, 0.0005f);
  private static final int CHUNK = 1 << 16;
  private static final int PIXELS = 256;

  /** Of random bytes. */
  private static final float MEAN = 127.5f;

  private static final float DEVIATION = 73.9f;

  private final StepLoad load;
  private final Network network;
  private final float[] images;
  private final Optional<ByteImages> bytes;
  private final float[] weights;
  private final float[] answers;
  private long steps;

  StepWorker(BenchEngine bench, StepLoad load, int seed) {
    bench.bind(seed);
    Engine engine = bench.engine();
    this.load = load;
    ModelSpec model = load.model();
    SplittableRandom random = new SplittableRandom(seed);
    images = new float[load.batch() * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextGaussian();
    }
    bytes = engine.prefersBytes() ? Optional.of(bytes(random)) : Optional.empty();
    weights = new float[load.batch()];
    Arrays.fill(weights, 1);
    int[] labels = random.ints(load.batch(), 0, model.classes()).toArray();
    answers = new float[load.batch() * model.classes()];
    Targets.fill(labels, load.batch(), model.classes(), 0, answers);
    network =
        load.quantization().isEmpty()
            ? engine.create(model, load.batch(), RateMultipliers.ones(model), load.arithmetic())
            : engine.create(model, load.batch(), load.arithmetic(), load.quantization());
    fill(network, seed);
  }

  /** Sets the parameters with which training would begin. */
  static void fill(Network network, int seed) {
    ModelSpec model = network.model();
    FloatBuffer chunk = FloatBuffer.allocate(CHUNK);
    InitialParameters parameters = new InitialParameters(model, seed);
    for (long offset = 0; offset < model.parameterCount(); offset += CHUNK) {
      chunk.clear().limit((int) Math.min(CHUNK, model.parameterCount() - offset));
      parameters.fill(offset, chunk);
      network.writeParameters(offset, chunk.flip());
    }
  }

  private ByteImages bytes(SplittableRandom random) {
    byte[] pixels = new byte[images.length];
    random.nextBytes(pixels);
    float[][] values = new float[load.model().input().channels()][PIXELS];
    for (float[] ofChannel : values) {
      for (int pixel = 0; pixel < PIXELS; pixel++) {
        ofChannel[pixel] = (pixel - MEAN) / DEVIATION;
      }
    }
    return new ByteImages(pixels, values);
  }

  /**
   * Takes steps for some time, and at least one step.
   *
   * @return the nanoseconds of each step
   */
  List<Long> steps(double seconds) {
    List<Long> times = new ArrayList<>();
    long end = System.nanoTime() + (long) (seconds * 1e9);
    while (times.isEmpty() || System.nanoTime() < end) {
      long start = System.nanoTime();
      step();
      times.add(System.nanoTime() - start);
    }
    return times;
  }

  private void step() {
    if (load.pass() == StepLoad.Pass.INFERENCE) {
      network.predict(images, load.batch(), answers);
      return;
    }
    if (bytes.isPresent()) {
      network.computeGradients(bytes.get(), answers, weights, load.batch(), steps++);
    } else {
      network.computeGradients(images, answers, weights, load.batch(), steps++);
    }
    network.update(SETTINGS);
  }

  LayerTimes timeLayers() {
    return network.timeLayers();
  }

  @Override
  public void close() {
    network.close();
  }
}
