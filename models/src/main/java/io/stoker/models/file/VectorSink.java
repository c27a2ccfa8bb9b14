package io.stoker.models.file;

import java.io.IOException;
import java.nio.FloatBuffer;

/** Takes a long fp32 vector in ranges. {@code Network::writeParameters} is one. */
@FunctionalInterface
public interface VectorSink {
  /** Takes values {@code [offset, offset + source.remaining())}, all that remain in source. */
  void write(long offset, FloatBuffer source) throws IOException;
}
