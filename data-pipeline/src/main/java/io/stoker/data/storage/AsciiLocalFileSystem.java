package io.stoker.data.storage;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;

/**
 * The local disk in a process that reads names as something other than UTF-8: it refuses to list a
 * folder with a name outside ASCII. Hadoop's own class leaves out what it cannot open.
 */
final class AsciiLocalFileSystem extends RawLocalFileSystem {
  private AsciiLocalFileSystem() {}

  /**
   * The filesystem of a path.
   *
   * @throws io.stoker.failure.ResourceException if the path has a character outside ASCII
   */
  static AsciiLocalFileSystem of(Path path, Configuration hadoop) throws IOException {
    FileNames.requireAscii(path.toString(), path.toString());
    AsciiLocalFileSystem fileSystem = new AsciiLocalFileSystem();
    fileSystem.initialize(fileSystem.getUri(), hadoop);
    return fileSystem;
  }

  @Override
  public FileStatus[] listStatus(Path folder) throws IOException {
    String[] names = pathToFile(folder).list();
    if (names != null) {
      for (String name : names) {
        FileNames.requireAscii(name, folder.toUri().getPath());
      }
    }
    return super.listStatus(folder);
  }
}
