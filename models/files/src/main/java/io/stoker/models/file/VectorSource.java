// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.IOException;
import java.nio.FloatBuffer;

/**
 * A long fp32 vector that is read in ranges, such as {@code Network::readParameters} or {@code
 * InitialParameters::fill}.
 */
@FunctionalInterface
public interface VectorSource {
  /** Fills target with values {@code [offset, offset + target.remaining())}. */
  void read(long offset, FloatBuffer target) throws IOException;
}
