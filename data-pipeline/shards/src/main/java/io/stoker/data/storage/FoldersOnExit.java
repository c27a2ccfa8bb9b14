// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.ShutdownHookManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Folders that are deleted when the process ends, also those that do not exist yet. Hadoop's own
 * {@code deleteOnExit} forgets these, and deletes nothing of a filesystem that is not in its cache.
 */
final class FoldersOnExit {
  private static final Logger LOG = LoggerFactory.getLogger(FoldersOnExit.class);

  /** After Spark has stopped, and before Hadoop closes its filesystems. */
  private static final int PRIORITY = FileSystem.SHUTDOWN_HOOK_PRIORITY + 5;

  private static final Map<Path, OwnFolder> FOLDERS = new LinkedHashMap<>();
  private static boolean hooked;

  private FoldersOnExit() {}

  /**
   * Has a folder deleted with everything in it.
   *
   * @param folder in its normal form
   * @param parent where it is deleted from
   * @return whether it will be; false if the process ends already
   */
  static synchronized boolean add(Path folder, OwnFolder parent) {
    if (ShutdownHookManager.get().isShutdownInProgress()) {
      return false;
    }
    if (!hooked) {
      ShutdownHookManager.get().addShutdownHook(FoldersOnExit::delete, PRIORITY);
      hooked = true;
    }
    FOLDERS.put(folder, parent);
    return true;
  }

  /** Leaves a folder alone: it is gone, and what comes there later may be another process's. */
  static synchronized void remove(Path folder) {
    FOLDERS.remove(folder);
  }

  /** Deletes the folders. */
  static void delete() {
    takeAll()
        .forEach(
            (folder, parent) -> {
              try {
                parent.deleteTree(folder);
              } catch (IOException | RuntimeException e) {
                LOG.warn("Cannot delete {}: {}", folder, e.toString());
              }
            });
  }

  private static synchronized Map<Path, OwnFolder> takeAll() {
    Map<Path, OwnFolder> all = new LinkedHashMap<>(FOLDERS);
    FOLDERS.clear();
    return all;
  }
}
