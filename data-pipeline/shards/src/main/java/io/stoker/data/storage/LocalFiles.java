// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.File;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop's plain local filesystem, which opens regular files only. A named pipe would have its
 * reader wait for ever, and some devices have no end.
 */
final class LocalFiles extends RawLocalFileSystem {
  static final String NOT_A_FILE = "a named pipe, socket or device, not a file";

  /** One for each of Hadoop's own, so that it is as long-lived and has the same configuration. */
  private static final Map<FileSystem, LocalFiles> OF_HADOOPS =
      Collections.synchronizedMap(new WeakHashMap<>());

  /** The filesystem that has the configuration of one of Hadoop's. */
  static LocalFiles of(FileSystem hadoops) throws IOException {
    LocalFiles present = OF_HADOOPS.get(hadoops);
    if (present != null) {
      return present;
    }
    LocalFiles created = new LocalFiles();
    created.initialize(hadoops.getUri(), hadoops.getConf());
    OF_HADOOPS.put(hadoops, created);
    return created;
  }

  /** Hadoop's leaves out what it cannot open, which is each name that Java could not decode. */
  @Override
  public FileStatus[] listStatus(org.apache.hadoop.fs.Path folder) throws IOException {
    String[] names = pathToFile(folder).list();
    if (names != null) {
      for (String name : names) {
        FileNames.requireReadable(folder.toUri().getPath() + "/" + name);
      }
    }
    return super.listStatus(folder);
  }

  /**
   * Hadoop's starts {@code chmod} for each file and folder that it has made, which takes 15 ms and
   * more. Where Hadoop's umask has its default, that of the process counts, as for all programs;
   * another one is applied.
   */
  @Override
  public void setPermission(org.apache.hadoop.fs.Path file, FsPermission permission)
      throws IOException {
    if (FsPermission.getUMask(getConf()).toShort() == FsPermission.DEFAULT_UMASK) {
      return;
    }
    String present =
        PosixFilePermissions.toString(Files.getPosixFilePermissions(pathToFile(file).toPath()));
    if (!present.equals(permission.toString())) {
      super.setPermission(file, permission);
    }
  }

  /** Hadoop's does not say why a folder cannot be made. */
  @Override
  protected boolean mkOneDirWithMode(
      org.apache.hadoop.fs.Path path, File folder, FsPermission permission) throws IOException {
    if (!super.mkOneDirWithMode(path, folder, permission) && !folder.isDirectory()) {
      Files.createDirectory(folder.toPath());
    }
    return true;
  }

  @Override
  public FSDataInputStream open(org.apache.hadoop.fs.Path file, int bufferSize) throws IOException {
    Path local = pathToFile(file).toPath();
    if (Storage.isSpecial(local)) {
      throw new NotAFileException(file + " is " + NOT_A_FILE);
    }
    try {
      return super.open(file, bufferSize);
    } catch (FileNotFoundException e) { // Java throws it for a file that must not be read, too.
      if (Files.isRegularFile(local) && !Files.isReadable(local)) {
        throw new AccessDeniedException(local.toString(), null, "no permission to read it");
      }
      throw e;
    }
  }
}
