// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ByteImages;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;

/** A network that computes nothing and remembers what it was asked for. */
public final class IdleNetwork implements Network {
  public record Step(int examples, int firstLabel, long dropoutSeed, StepSettings settings) {}

  private final ModelSpec model;
  private final List<Step> steps = new ArrayList<>();
  private final List<Float> weights = new ArrayList<>();
  private int examples;
  private int firstLabel;
  private long dropoutSeed;
  private boolean closed;

  public IdleNetwork(ModelSpec model) {
    this.model = model;
  }

  /** The steps so far. */
  public List<Step> steps() {
    return steps;
  }

  /** The weights of all examples so far. */
  public List<Float> weights() {
    return weights;
  }

  public boolean isClosed() {
    return closed;
  }

  @Override
  public ModelSpec model() {
    return model;
  }

  @Override
  public int batchCapacity() {
    return 64;
  }

  @Override
  public BatchScore computeGradients(
      float[] images, float[] targets, float[] ofExamples, int count, long seed) {
    for (int example = 0; example < count; example++) {
      weights.add(ofExamples[example]);
    }
    examples = count;
    firstLabel = 0;
    while (targets[firstLabel] != 1) {
      firstLabel++;
    }
    dropoutSeed = seed;
    return new BatchScore(2.0 * count, count - 1, count);
  }

  @Override
  public BatchScore computeGradients(
      ByteImages images, float[] targets, float[] ofExamples, int count, long seed) {
    return computeGradients(new float[0], targets, ofExamples, count, seed);
  }

  @Override
  public void update(StepSettings settings) {
    steps.add(new Step(examples, firstLabel, dropoutSeed, settings));
  }

  @Override
  public void predict(float[] images, int count, float[] probabilities) {}

  @Override
  public void readParameters(long offset, FloatBuffer target) {}

  @Override
  public void writeParameters(long offset, FloatBuffer source) {}

  @Override
  public void readGradients(long offset, FloatBuffer target) {}

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {}

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {}

  @Override
  public void resetUpdaterState() {}

  @Override
  public void close() {
    closed = true;
  }
}
