package io.stoker.data.shard;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** The filesystem of a path. */
public final class Storage {
  private Storage() {}

  /**
   * The filesystem that a path is on. On a local disk it is the plain one: Hadoop's own checksum
   * files would only repeat, slowly, what the manifest's SHA-256 says, and would litter the folder.
   *
   * @throws IOException if there is no such filesystem, or if it cannot be reached
   */
  public static FileSystem of(Path path, Configuration hadoop) throws IOException {
    FileSystem fileSystem = path.getFileSystem(hadoop);
    return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
  }
}
