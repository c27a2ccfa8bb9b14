// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.storage.OwnFolder;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders that are deleted when the process ends, also those that do not exist yet, which Hadoop's
 * own {@code deleteOnExit} forgets.
 */
final class TemporaryFolders {
  private static final Logger LOG = LoggerFactory.getLogger(TemporaryFolders.class);

  /** After Spark has stopped, and before Hadoop closes its filesystems. */
  private static final int PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 5;

  private static final Map<Path, OwnFolder> FOLDERS = new LinkedHashMap<>();

  private TemporaryFolders() {}

  /**
   * Has a folder deleted with everything in it.
   *
   * @param folder below its parent
   * @param parent where it is deleted from
   */
  static synchronized void add(Path folder, OwnFolder parent) {
    if (FOLDERS.isEmpty()) {
      ShutdownHookManager.get().addShutdownHook(TemporaryFolders::delete, PRIORITY);
    }
    FOLDERS.put(folder, parent);
  }

  private static synchronized void delete() {
    FOLDERS.forEach(
        (folder, parent) -> {
          try {
            parent.deleteTree(folder);
          } catch (IOException | RuntimeException e) {
            LOG.warn("Cannot delete {}: {}", folder, e.toString());
          }
        });
  }
}
