package io.stoker.driver.cluster;

import io.stoker.data.storage.Storage;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.util.Arrays;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Tries whether a folder can be written to. */
public final class StorageProbe {
  private static final int BYTES = 1 << 20;
  private static final double NANOSECONDS = 1e9;

  private StorageProbe() {}

  /**
   * How the folder did.
   *
   * @param uri the folder
   * @param bytes how much was written, and read again
   * @param writeSeconds what writing took
   * @param readSeconds what reading took
   */
  public record Result(String uri, int bytes, double writeSeconds, double readSeconds) {
    @Override
    public String toString() {
      return "%s: 1 MiB written in %.3f s, read in %.3f s, deleted"
          .formatted(uri, writeSeconds, readSeconds);
    }
  }

  /**
   * Writes a file of 1 MiB, reads it and deletes it.
   *
   * @throws ResourceException if the folder cannot be used
   */
  public static Result run(String uri, Configuration hadoop) {
    byte[] written = new byte[BYTES];
    Arrays.fill(written, (byte) 0x5a);
    try {
      Path file = new Path(Storage.path(uri), ".stoker-probe-" + UUID.randomUUID());
      FileSystem storage = Storage.of(file, hadoop);
      long start = System.nanoTime();
      byte[] read = new byte[BYTES];
      long middle;
      try {
        try (FSDataOutputStream output = storage.create(file, false)) {
          output.write(written);
        }
        middle = System.nanoTime();
        try (FSDataInputStream input = storage.open(file)) {
          input.readFully(read);
        }
      } finally {
        storage.delete(file, false);
      }
      long end = System.nanoTime();
      if (!Arrays.equals(written, read)) {
        throw new ResourceException(
            "Storage %s gives back other bytes than were written".formatted(uri));
      }
      return new Result(uri, BYTES, (middle - start) / NANOSECONDS, (end - middle) / NANOSECONDS);
    } catch (IOException | IllegalArgumentException e) {
      throw new ResourceException("Cannot use storage %s: %s".formatted(uri, e.getMessage()), e);
    }
  }
}
