// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.models.engine.ParameterVectors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/**
 * The parameters of a network that computes nothing, so that a round consists of the averaging.
 * They are outside the heap, like those of a real engine.
 */
final class NoOpVectors implements ParameterVectors {
  private final FloatBuffer parameters;

  /**
   * @param parameters how many parameters, up to 2^29
   */
  NoOpVectors(int parameters) {
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

  @Override
  public void readUpdaterState(long offset, FloatBuffer target) {
    throw none();
  }

  @Override
  public void writeUpdaterState(long offset, FloatBuffer source) {
    throw none();
  }

  private static UnsupportedOperationException none() {
    return new UnsupportedOperationException("There is no updater state");
  }
}
