// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.interchange;

import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.models.interchange.ByteSource;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A file on any of Hadoop's filesystems, open for reading at any place. */
final class HadoopBytes implements ByteSource, AutoCloseable {
  private final FSDataInputStream stream;
  private final long bytes;

  private HadoopBytes(FSDataInputStream stream, long bytes) {
    this.stream = stream;
    this.bytes = bytes;
  }

  /**
   * Opens a file.
   *
   * @throws InputException if there is none
   */
  static HadoopBytes open(Path path, Configuration hadoop) {
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      Check.input(fileSystem.exists(path), "Cannot find weights %s", path);
      FileStatus status = fileSystem.getFileStatus(path);
      Check.input(status.isFile(), "Cannot read weights %s: it is a folder", path);
      return new HadoopBytes(fileSystem.open(path), status.getLen());
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + path, e);
    }
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void read(long position, ByteBuffer target) throws IOException {
    byte[] content = new byte[target.remaining()];
    stream.readFully(position, content);
    target.put(content);
  }

  /** The file from its beginning; to be used once, and not closed. */
  FSDataInputStream stream() {
    return stream;
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
