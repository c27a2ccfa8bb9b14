// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.interchange;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file that is read at any place, on any file system. */
public interface ByteSource {
  /** The file's size. */
  long bytes();

  /**
   * Fills target with the bytes from a position on.
   *
   * @throws java.io.EOFException if the file ends before target is full
   */
  void read(long position, ByteBuffer target) throws IOException;
}
