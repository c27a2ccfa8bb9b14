// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.Network;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.spec.ModelSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * A network that holds parameters and computes nothing, so that a round consists of the averaging.
 * Its vector is outside the heap, like that of a real engine.
 */
final class NoOpNetwork implements Network {
  private final FloatBuffer parameters;

  /**
   * @param parameters how many parameters, up to 2^29
   */
  NoOpNetwork(int parameters) {
    this.parameters =
        ByteBuffer.allocateDirect(Math.multiplyExact(parameters, Float.BYTES))
            .order(ByteOrder.nativeOrder())
            .asFloatBuffer();
  }

  int size() {
    return parameters.capacity();
  }

  @Override
  public void readParameters(long offset, FloatBuffer target) {
    target.put(parameters.slice((int) offset, target.remaining()));
  }

  @Override
  public void writeParameters(long offset, FloatBuffer source) {
    parameters.put((int) offset, source, source.position(), source.remaining());
  }

  /** There is no updater state. */
  @Override
  public void resetUpdaterState() {}

  /** The JVM frees the memory with the buffer. */
  @Override
  public void close() {}

  @Override
  public ModelSpec model() {
    throw computesNothing();
  }

  @Override
  public int batchCapacity() {
    throw computesNothing();
  }

  @Override
  public BatchScore computeGradients(
      float[] images, float[] targets, int examples, long dropoutSeed) {
    throw computesNothing();
  }

  @Override
  public void update(StepSettings settings) {
    throw computesNothing();
  }

  @Override
  public void predict(float[] images, int examples, float[] probabilities) {
    throw computesNothing();
  }

  @Override
  public void readGradients(long offset, FloatBuffer target) {
    throw computesNothing();
  }

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {
    throw computesNothing();
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    throw computesNothing();
  }

  private static UnsupportedOperationException computesNothing() {
    return new UnsupportedOperationException("This network computes nothing");
  }
}
