// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.Check;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** Reads a file that Stoker wrote whole, and bounds what is taken into memory. */
public final class SmallFile {
  private SmallFile() {}

  /**
   * Reads a file.
   *
   * @param file a file of Stoker's
   * @param maximum the most bytes that one of its kind has
   * @param hadoop how to reach it
   * @throws FileNotFoundException if there is none
   * @throws DamagedException if it is empty, longer, or no regular file
   * @throws IOException if it cannot be read
   */
  public static byte[] read(Path file, int maximum, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(file, hadoop);
    requireRegular(fileSystem, file);
    byte[] bytes =
        Storage.readAgain(
            () -> {
              try (FSDataInputStream in = fileSystem.open(file)) {
                return in.readNBytes(maximum + 1);
              }
            });
    Check.undamaged(bytes.length > 0, "Cannot read %s: it is empty", file);
    Check.undamaged(
        bytes.length <= maximum, "Cannot read %s: it has more than %s bytes", file, maximum);
    return bytes;
  }

  /**
   * Makes sure that a file is one that can be read to its end: no folder, and on a local disk no
   * pipe or device.
   *
   * @throws FileNotFoundException if there is none
   * @throws DamagedException if it is anything else
   * @throws IOException if that cannot be found out
   */
  public static void requireRegular(FileSystem fileSystem, Path file) throws IOException {
    boolean folder = fileSystem.getFileStatus(file).isDirectory();
    boolean regular =
        !(fileSystem instanceof RawLocalFileSystem local) || local.pathToFile(file).isFile();
    Check.undamaged(
        !folder && regular,
        "Cannot read %s: it is %s",
        file,
        folder ? "a folder" : "no regular file");
  }
}
