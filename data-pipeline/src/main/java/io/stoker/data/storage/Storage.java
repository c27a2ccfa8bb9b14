package io.stoker.data.storage;

import io.stoker.failure.InputException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** The filesystem of a path. */
public final class Storage {
  private Storage() {}

  /**
   * The filesystem that a path is on. On a local disk it is the plain one: Hadoop's own checksum
   * files would only repeat, slowly, what the manifest's SHA-256 says, and would litter the folder.
   *
   * @throws InputException if the path's scheme is that of no known filesystem
   * @throws IOException if the filesystem cannot be reached
   */
  public static FileSystem of(Path path, Configuration hadoop) throws IOException {
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
    } catch (UnsupportedFileSystemException e) {
      throw new InputException(
          "Cannot reach "
              + path
              + ": no filesystem is known by "
              + path.toUri().getScheme()
              + "://",
          e);
    }
  }
}
