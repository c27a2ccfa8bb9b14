// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.nio.FloatBuffer;

/**
 * What travels between workers of a network: its parameters and its updater state. They are flat
 * vectors of fp32 values in the model's canonical order; callers read and write ranges of them, so
 * that they need no second copy of the whole.
 */
public interface ParameterVectors {
  /** Copies parameters {@code [offset, offset + target.remaining())} into target. */
  void readParameters(long offset, FloatBuffer target);

  /** Sets parameters {@code [offset, offset + source.remaining())} from source. */
  void writeParameters(long offset, FloatBuffer source);

  /**
   * Copies the updater state {@code [offset, offset + target.remaining())} into target: the
   * velocity, or the first moments of all parameters and then the second moments. A range lies in
   * one of them.
   */
  void readUpdaterState(long offset, FloatBuffer target);

  /** Sets the updater state {@code [offset, offset + source.remaining())} from source. */
  void writeUpdaterState(long offset, FloatBuffer source);

  /** Sets the whole updater state to zero. */
  void resetUpdaterState();
}
