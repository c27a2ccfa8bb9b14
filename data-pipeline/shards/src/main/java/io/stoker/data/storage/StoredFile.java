// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.util.HadoopStreams;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.SeekableInputStream;

/**
 * A file as Parquet reads it, on the filesystem of {@link Storage#of}.
 *
 * @param fileSystem that the file is on
 * @param file which
 * @param length in bytes
 */
public record StoredFile(FileSystem fileSystem, Path file, long length) implements InputFile {
  /**
   * A file whose length is looked up.
   *
   * @throws IOException if it is not there
   */
  public static StoredFile of(FileSystem fileSystem, Path file) throws IOException {
    return new StoredFile(fileSystem, file, fileSystem.getFileStatus(file).getLen());
  }

  @Override
  public long getLength() {
    return length;
  }

  @Override
  public SeekableInputStream newStream() throws IOException {
    return HadoopStreams.wrap(fileSystem.open(file));
  }

  @Override
  public String toString() {
    return file.toString();
  }
}
