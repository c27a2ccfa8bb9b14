// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.data.shard.ShardFolder;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two drivers from writing to one folder of shards. The files of this {@link RunLock} are
 * next to the folder, which holds shards alone.
 */
public final class ShardsLock {
  private static final Logger LOG = LoggerFactory.getLogger(ShardsLock.class);

  private ShardsLock() {}

  private static LockFiles files(Path folder, Configuration hadoop) {
    // The end of the name sets the number of a file apart from one at the end of the folder's name.
    String name = "lock-" + folder.getName() + ".shards";
    return new LockFiles(folder.getParent(), name, folder, hadoop);
  }

  /**
   * Prepares shards while it has the lock, which it waits for as long as another driver that is
   * alive has it; not if they are complete by then.
   *
   * @param folder of the shards
   * @param prepare writes them
   * @return whether it has prepared them
   * @throws ResourceException if nothing can be written next to the folder, or if another driver
   *     has taken the lock over meanwhile
   */
  public static boolean unlessThere(Path folder, Configuration hadoop, Runnable prepare) {
    try (RunLock lock = RunLock.await(files(folder, hadoop))) {
      if (ShardFolder.isComplete(folder, hadoop)) {
        return false;
      }
      prepare.run();
      lock.requireOurs();
      return true;
    }
  }

  /**
   * Writes shards while it has the lock. Where nothing can be written next to the folder, there is
   * none, and a warning says so. Where writing fails, the folders that were made for the lock are
   * deleted.
   *
   * @param folder of the shards
   * @param write writes them
   * @throws InputException if another driver has the lock
   * @throws io.stoker.failure.ResourceException if another driver has taken it over meanwhile
   */
  public static <T> T holding(Path folder, Configuration hadoop, Callable<T> write)
      throws Exception {
    FileSystem fileSystem = Storage.of(folder, hadoop);
    Path whole = fileSystem.makeQualified(folder);
    List<Path> missing = missingParents(whole, fileSystem);
    boolean written = false;
    Optional<RunLock> lock = take(whole, hadoop);
    try {
      T result = write.call();
      lock.ifPresent(RunLock::requireOurs);
      written = true;
      return result;
    } finally {
      lock.ifPresent(RunLock::close);
      if (!written) {
        deleteEmpty(missing, hadoop);
      }
    }
  }

  private static Optional<RunLock> take(Path folder, Configuration hadoop) {
    if (folder.getParent() == null) { // It is a bucket.
      return Optional.empty();
    }
    try {
      return Optional.of(RunLock.acquire(files(folder, hadoop)));
    } catch (RunLock.HeldException e) {
      throw new InputException(
          "Output %s is in use by %s: end that job first, or say another --output"
              .formatted(Locations.plain(folder.toString()), e.getMessage()),
          e);
    } catch (IOException | ResourceException e) { // One because of the name of a file there.
      LOG.warn(
          "No lock keeps other jobs from writing to {}, because nothing can be written next to it: {}",
          folder,
          e instanceof IOException failure ? Storage.reason(failure) : e.getMessage());
      return Optional.empty();
    }
  }

  /** The folders above one that are not there, the innermost first. */
  private static List<Path> missingParents(Path folder, FileSystem fileSystem) throws IOException {
    List<Path> missing = new ArrayList<>();
    try {
      for (Path each = folder.getParent();
          each != null && !fileSystem.exists(each);
          each = each.getParent()) {
        missing.add(each);
      }
    } catch (ParentNotDirectoryException e) {
      return List.of(); // Writing will say so.
    }
    return missing;
  }

  private static void deleteEmpty(List<Path> folders, Configuration hadoop) {
    try {
      for (Path each : folders) {
        OwnFolder.at(each, hadoop).deleteEmpty();
      }
    } catch (IOException e) {
      LOG.debug("Cannot delete the folders above the shards", e); // Something else is in them.
    }
  }
}
