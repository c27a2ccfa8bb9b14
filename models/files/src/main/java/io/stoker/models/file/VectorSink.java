// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.file;

import java.io.IOException;
import java.nio.FloatBuffer;

/** Receives a long fp32 vector in ranges, such as {@code Network::writeParameters}. */
@FunctionalInterface
public interface VectorSink {
  /** Receives values {@code [offset, offset + source.remaining())}: the rest of source. */
  void write(long offset, FloatBuffer source) throws IOException;
}
