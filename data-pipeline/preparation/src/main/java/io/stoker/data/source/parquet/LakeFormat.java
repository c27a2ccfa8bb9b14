// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source.parquet;

import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The formats of tables whose folders hold Parquet files that are not all of the table: files of
 * earlier versions, and rows that have been deleted, are still there.
 */
public final class LakeFormat {
  private static final String DELTA_LOG = "_delta_log";
  private static final String ICEBERG_METADATA = "metadata";
  private static final String HUDI_TIMELINE = ".hoodie";

  private LakeFormat() {}

  /**
   * Makes sure that all Parquet files of a folder are its data.
   *
   * @throws InputException if the folder is a table of such a format
   * @throws IOException if the storage fails
   */
  public static void refuse(FileSystem fileSystem, Path folder) throws IOException {
    Optional<String> format = of(fileSystem, folder);
    if (format.isPresent()) {
      throw new InputException(
          "Cannot read the Parquet files of %s: it is a table of the format %s, whose files also have rows that were deleted or replaced (say --format table --table-format %s)"
              .formatted(folder, format.get(), format.get()));
    }
  }

  private static Optional<String> of(FileSystem fileSystem, Path folder) throws IOException {
    if (isFolder(fileSystem, new Path(folder, DELTA_LOG))) {
      return Optional.of("delta");
    }
    if (isFolder(fileSystem, new Path(folder, HUDI_TIMELINE))) {
      return Optional.of("hudi");
    }
    Path metadata = new Path(folder, ICEBERG_METADATA);
    if (isFolder(fileSystem, metadata)) {
      for (FileStatus file : fileSystem.listStatus(metadata)) {
        if (file.getPath().getName().endsWith(".metadata.json")) {
          return Optional.of("iceberg");
        }
      }
    }
    return Optional.empty();
  }

  private static boolean isFolder(FileSystem fileSystem, Path path) throws IOException {
    try {
      return fileSystem.getFileStatus(path).isDirectory();
    } catch (FileNotFoundException e) {
      return false;
    }
  }
}
