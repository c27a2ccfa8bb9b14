// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds out whether a folder can be written to, and how fast. */
public final class StorageProbe {
  private static final int BYTES = 1 << 20;
  private static final double NANOSECONDS = 1e9;

  private StorageProbe() {}

  /**
   * The result of a probe.
   *
   * @param uri the folder
   * @param bytes how many bytes were written, and read again
   * @param writeSeconds how long writing took
   * @param readSeconds how long reading took
   */
  public record Result(String uri, int bytes, double writeSeconds, double readSeconds) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "%s: 1 MiB written in %.3f s, read in %.3f s, deleted",
          uri,
          writeSeconds,
          readSeconds);
    }
  }

  /**
   * Writes a file of 1 MiB, reads it and deletes it, with the folders that were made for it.
   *
   * @throws ResourceException if the folder cannot be used
   */
  public static Result run(String uri, Configuration hadoop) {
    byte[] written = new byte[BYTES];
    Arrays.fill(written, (byte) 0x5a);
    try {
      Path folder = Storage.path(uri);
      FileSystem storage = Storage.of(folder, hadoop);
      byte[] read = new byte[BYTES];
      long start = System.nanoTime();
      long middle;
      try (WriteProbe probe = new WriteProbe(storage.makeQualified(folder), storage)) {
        probe.write(written);
        middle = System.nanoTime();
        try (FSDataInputStream input = storage.open(probe.file())) {
          input.readFully(read);
        }
      }
      long end = System.nanoTime();
      if (!Arrays.equals(written, read)) {
        throw new ResourceException(
            "Storage %s returns other bytes than were written".formatted(uri));
      }
      return new Result(uri, BYTES, (middle - start) / NANOSECONDS, (end - middle) / NANOSECONDS);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot use storage %s: %s".formatted(uri, WriteProbe.reason(e)), e);
    }
  }
}
