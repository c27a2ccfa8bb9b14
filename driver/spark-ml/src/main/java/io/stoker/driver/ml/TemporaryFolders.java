// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.OwnFolder;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Folders on the disk of this machine that are deleted when the process ends. */
final class TemporaryFolders {
  private TemporaryFolders() {}

  /**
   * Makes a folder.
   *
   * @throws IOException if there is no room for it
   */
  static java.nio.file.Path make(Configuration hadoop) throws IOException {
    java.nio.file.Path folder = Files.createTempDirectory("stoker-").toAbsolutePath();
    OwnFolder.at(path(folder.getParent()), hadoop).deleteOnExit(path(folder));
    return folder;
  }

  /**
   * A path of this machine for Hadoop. The URI of a folder that exists ends with a slash, which
   * Hadoop takes for a part of its name.
   */
  static Path path(java.nio.file.Path local) {
    return new Path("file", "", local.toString());
  }
}
