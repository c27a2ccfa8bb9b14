// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.nio.file.Path;

/** Named pipes, which Java cannot make. */
public final class Fifo {
  private Fifo() {}

  /** Makes one; the test is skipped where the system has no mkfifo. */
  public static Path make(Path file) throws IOException {
    try {
      Process process = new ProcessBuilder("mkfifo", file.toString()).start();
      if (process.waitFor() != 0) {
        abort("mkfifo failed for " + file);
      }
    } catch (IOException e) {
      abort("no mkfifo here: " + e.getMessage());
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    return file;
  }
}
