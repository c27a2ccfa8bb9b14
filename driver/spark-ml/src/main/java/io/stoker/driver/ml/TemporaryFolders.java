// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.OwnFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** A folder on the disk of this machine that is deleted when the process ends. */
final class TemporaryFolders {
  /** The folder of this process; made when it is needed. */
  private static Optional<java.nio.file.Path> ofThisProcess = Optional.empty();

  private TemporaryFolders() {}

  /**
   * The folder of this process, which is made where it is not there.
   *
   * @throws IOException if there is no room for it
   */
  static synchronized java.nio.file.Path ofThisProcess(Configuration hadoop) throws IOException {
    if (ofThisProcess.filter(Files::isDirectory).isEmpty()) {
      java.nio.file.Path folder = Files.createTempDirectory("stoker-").toAbsolutePath();
      OwnFolder.at(path(folder.getParent()), hadoop).deleteOnExit(path(folder));
      ofThisProcess = Optional.of(folder);
    }
    return ofThisProcess.get();
  }

  /**
   * A path of this machine for Hadoop. The URI of a folder that exists ends with a slash, which
   * Hadoop takes for a part of its name.
   */
  static Path path(java.nio.file.Path local) {
    return new Path("file", "", local.toString());
  }
}
