// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Tells a storage that fails from a file that is damaged: the libraries that read files throw the
 * same for both.
 */
final class NotedFailures extends FilterInputStream {
  private IOException failure;

  NotedFailures(InputStream in) {
    super(in);
  }

  /**
   * Throws the failure of the storage, if it has failed.
   *
   * @throws IOException the failure
   */
  void rethrow() throws IOException {
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public int read() throws IOException {
    try {
      return super.read();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    try {
      return super.read(target, offset, length);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }
}
