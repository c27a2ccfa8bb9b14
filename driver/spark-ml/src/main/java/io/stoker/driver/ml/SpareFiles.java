// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.base.Sha256;
import io.stoker.data.storage.OwnFolder;
import io.stoker.data.storage.Storage;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of the files of saved models that were loaded, on the disk of this machine until the
 * process ends. Spark deletes a folder before it writes it anew, also where what it writes is read
 * from that folder: its own models are in memory then.
 */
final class SpareFiles {
  private static final Logger LOG = LoggerFactory.getLogger(SpareFiles.class);

  /** What stands for a spare where there is none. */
  static final String NONE = "";

  private SpareFiles() {}

  /**
   * Copies a file. Equal files share one copy, so that a model may be loaded any number of times.
   *
   * @return where the copy is on this machine; {@link #NONE} where there is no room for one
   */
  static String keep(Path file, Configuration hadoop) {
    try {
      java.nio.file.Path spares = TemporaryFolders.ofThisProcess(hadoop);
      java.nio.file.Path part = Files.createTempFile(spares, "part-", "");
      try {
        String sha256 = hashed(file, part, hadoop);
        return Files.move(part, spares.resolve(sha256), StandardCopyOption.REPLACE_EXISTING)
            .toString();
      } catch (IOException e) { // A full disk: the part would stay.
        OwnFolder.at(TemporaryFolders.path(spares), hadoop).delete(TemporaryFolders.path(part));
        throw e;
      }
    } catch (IOException e) {
      LOG.warn(
          "Cannot keep a copy of {} ({}): save the model elsewhere before it is overwritten",
          file,
          Storage.reason(e));
      return NONE;
    }
  }

  /** Returns the SHA-256 of what was copied. */
  private static String hashed(Path file, java.nio.file.Path copy, Configuration hadoop)
      throws IOException {
    MessageDigest digest = Sha256.digest();
    try (InputStream in = Storage.of(file, hadoop).open(file)) {
      Files.copy(new DigestInputStream(in, digest), copy, StandardCopyOption.REPLACE_EXISTING);
    }
    return Sha256.hex(digest);
  }

  /** Whether there is a spare, on this machine. */
  static boolean isThere(String spare) {
    return !spare.equals(NONE) && Files.exists(java.nio.file.Path.of(spare));
  }

  /**
   * Copies a file of a model, a few kilobytes at a time. The spare goes first: the file itself may
   * have been deleted, or be a part of one, or that of another model.
   *
   * @param spare what {@link #keep} returned when the model was loaded
   */
  static void copy(Path file, String spare, Path target, Configuration hadoop) throws IOException {
    Path source = isThere(spare) ? TemporaryFolders.path(java.nio.file.Path.of(spare)) : file;
    try (InputStream in = Storage.of(source, hadoop).open(source);
        OutputStream out = Storage.of(target, hadoop).create(target, false)) {
      in.transferTo(out);
    }
  }
}
