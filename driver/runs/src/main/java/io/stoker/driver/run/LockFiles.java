// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.run;

import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import io.stoker.driver.checkpoint.ManifestFormat;
import io.stoker.driver.run.RunLock.Holder;
import io.stoker.failure.DamagedException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The lock files of a folder: {@code lock.json}, which has the number 0, and {@code lock-1.json},
 * {@code lock-2.json} and so on of drivers that took over. The driver that created the file with
 * the highest number has the lock. A driver writes only to its own file, so that a driver that
 * wakes up after another one took over cannot undo that.
 *
 * @param folder where they are
 * @param name what their names begin with; {@code lock} here
 * @param locked the folder that the lock is for
 * @param hadoop how to reach the folder
 */
record LockFiles(Path folder, String name, Path locked, Configuration hadoop) {
  /** The files of a lock that is for the folder that they are in. */
  LockFiles(Path folder, String name, Configuration hadoop) {
    this(folder, name, folder, hadoop);
  }

  Path file(int number) {
    URI in = folder.toUri();
    String file = name + (number == 0 ? "" : "-" + number) + ".json";
    // Of a name alone, Hadoop's Path would take what stands before a colon for a scheme.
    return new Path(in.getScheme(), in.getAuthority(), in.getPath() + "/" + file);
  }

  /**
   * The files that are there, by number, with the driver that each one names. That is empty for a
   * file of which no more than a part is there, because its driver is writing it, or was killed.
   */
  NavigableMap<Integer, Optional<Holder>> read() throws IOException {
    NavigableMap<Integer, Optional<Holder>> files = new TreeMap<>();
    Pattern pattern = Pattern.compile(Pattern.quote(name) + "(?:-([1-9][0-9]{0,8}))?\\.json");
    try {
      for (FileStatus each : Storage.of(folder, hadoop).listStatus(folder)) {
        Matcher found = pattern.matcher(each.getPath().getName());
        if (found.matches()) {
          read(found.group(1) == null ? 0 : Integer.parseInt(found.group(1)), files);
        }
      }
      return files;
    } catch (FileNotFoundException e) { // There is no folder.
      return files;
    }
  }

  private void read(int number, Map<Integer, Optional<Holder>> files) throws IOException {
    try {
      files.put(number, Optional.of(ManifestFormat.read(file(number), Holder.class, hadoop)));
    } catch (DamagedException e) {
      files.put(number, Optional.empty());
    } catch (FileNotFoundException e) {
      files.remove(number); // It was deleted after it was listed.
    }
  }

  /**
   * Creates a file.
   *
   * @return false if there is one with this number
   */
  boolean create(int number, Holder holder) throws IOException {
    return Storage.createNew(file(number), ManifestFormat.bytes(holder), hadoop);
  }

  /** Whether {@link #create} succeeds for one driver only, however many try at the same time. */
  boolean createsExclusively() throws IOException {
    return Storage.createsExclusively(folder, hadoop);
  }

  /** Writes a file that this driver has created. */
  void write(int number, Holder holder) throws IOException {
    ManifestFormat.write(file(number), holder, hadoop);
  }

  void delete(int number) throws IOException {
    OwnFolder.at(folder, hadoop).delete(file(number));
  }
}
