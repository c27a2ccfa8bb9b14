// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.report;

import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Finds run folders. */
final class RunFolders {
  private RunFolders() {}

  /**
   * A run folder.
   *
   * @param folder where it is
   * @param updated when one of the files in it was last written. The times of folders in it do not
   *     count: object stores have none, and answer with the current time
   */
  record Found(Path folder, Instant updated) {}

  /**
   * Finds the run folders at a location: the folder itself, or the run folders in it, by name.
   *
   * @param uri a run folder or a folder of run folders
   * @param hadoop how to reach it
   * @throws InputException if there is no such folder
   */
  static List<Found> in(String uri, Configuration hadoop) {
    Path path = Locations.absolute(uri, hadoop);
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      FileStatus[] entries = fileSystem.listStatus(path);
      Optional<Found> itself = look(path, entries);
      if (itself.isPresent()) {
        return List.of(itself.get());
      }
      List<Found> runs = new ArrayList<>();
      for (FileStatus entry : entries) {
        Check.input(!entry.getPath().equals(path), "Not a folder: %s", uri);
        if (entry.isDirectory()) {
          look(fileSystem, entry.getPath()).ifPresent(runs::add);
        }
      }
      runs.sort(Comparator.comparing(Found::folder));
      return List.copyOf(runs);
    } catch (FileNotFoundException e) {
      throw new InputException("Cannot find folder " + uri, e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read " + uri, e);
    }
  }

  /**
   * Looks at one folder, whether it is a run folder or not.
   *
   * @param folder absolute
   * @param hadoop how to reach it
   */
  static Found at(Path folder, Configuration hadoop) {
    try {
      return new Found(folder, updated(Storage.of(folder, hadoop).listStatus(folder)));
    } catch (IOException e) {
      return new Found(folder, Instant.EPOCH); // Reading its files will say why.
    }
  }

  private static Optional<Found> look(FileSystem fileSystem, Path folder) {
    try {
      return look(folder, fileSystem.listStatus(folder));
    } catch (FileNotFoundException e) {
      return Optional.empty(); // It has been deleted meanwhile.
    } catch (IOException e) {
      return Optional.of(new Found(folder, Instant.EPOCH)); // Reading its files will say why.
    }
  }

  private static Optional<Found> look(Path folder, FileStatus[] entries) {
    for (FileStatus entry : entries) {
      String name = entry.getPath().getName();
      if (!entry.getPath().equals(folder)
          && (name.equals(RunFolder.FILE) || name.equals(MetricsLog.FILE))) {
        return Optional.of(new Found(folder, updated(entries)));
      }
    }
    return Optional.empty();
  }

  private static Instant updated(FileStatus[] entries) {
    long newest = 0;
    for (FileStatus entry : entries) {
      if (entry.isFile()) {
        newest = Math.max(newest, entry.getModificationTime());
      }
    }
    return Instant.ofEpochMilli(newest);
  }
}
