// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.security.AccessControlException;

/**
 * Finds out whether files can be written to a folder, by writing one and deleting it again. Folders
 * that are made for it are deleted too.
 */
public final class WriteProbe implements AutoCloseable {
  /** How often a folder is made that another process keeps deleting: its own probe, ending. */
  private static final int ATTEMPTS = 5;

  private static final String PREFIX = ".stoker-probe-";

  static final String BELOW_A_FILE = "a part of this path is a file, not a folder";

  private final FileSystem fileSystem;
  private final Path file;

  /** Folders to delete, the outermost first. */
  private final List<Path> made = new ArrayList<>();

  /**
   * Names a new file; the folder need not be there. Nothing is written yet.
   *
   * @param folder with its filesystem
   * @param fileSystem the folder's
   */
  public WriteProbe(Path folder, FileSystem fileSystem) {
    this.fileSystem = fileSystem;
    this.file = new Path(folder, PREFIX + UUID.randomUUID());
  }

  /**
   * Writes a file of one byte to a folder, and deletes what that made. A full disk has room for a
   * file without any.
   *
   * @throws IOException if it cannot be written
   */
  static void run(Path folder, FileSystem fileSystem) throws IOException {
    try (WriteProbe probe = new WriteProbe(folder, fileSystem)) {
      probe.write(new byte[1]);
    }
  }

  /**
   * What a folder holds, but for the files of probes: a process that is killed leaves its own.
   *
   * @return empty if there is no folder
   * @throws IOException if it cannot be listed
   */
  public static List<FileStatus> entries(Path folder, FileSystem fileSystem) throws IOException {
    return fileSystem.exists(folder)
        ? Stream.of(fileSystem.listStatus(folder))
            .filter(each -> !each.getPath().getName().startsWith(PREFIX))
            .toList()
        : List.of();
  }

  /** The file, which is there from {@link #write} to {@link #close}. */
  public Path file() {
    return file;
  }

  /**
   * Writes the file.
   *
   * @throws IOException if it cannot be written
   */
  public void write(byte[] content) throws IOException {
    if (fileSystem instanceof RawLocalFileSystem local) {
      writeLocally(local, content);
      return;
    }
    made.addAll(missingFolders());
    try (OutputStream out = fileSystem.create(file, false)) {
      out.write(content);
    } catch (UnsupportedOperationException e) { // Such as that of a web server.
      throw new IOException("its storage can only be read", e);
    }
  }

  /**
   * Java's exceptions say why, Hadoop's do not: they do not tell a missing folder from no right.
   */
  private void writeLocally(RawLocalFileSystem local, byte[] content) throws IOException {
    for (int attempt = 1; ; attempt++) {
      for (Path folder : missingFolders()) {
        try {
          Files.createDirectory(local.pathToFile(folder).toPath());
          made.add(folder);
        } catch (FileAlreadyExistsException e) {
          // Another process made it: it may go on being used, so it is not deleted here.
        }
      }
      try {
        Files.write(
            local.pathToFile(file).toPath(),
            content,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE);
        return;
      } catch (NoSuchFileException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  /** The folders that have to be made, the outermost first. */
  private List<Path> missingFolders() throws IOException {
    List<Path> missing = new ArrayList<>();
    for (Path each = file.getParent();
        each != null && !each.isRoot() && !fileSystem.exists(each);
        each = each.getParent()) {
      missing.add(0, each);
    }
    return missing;
  }

  /** Why writing failed, in words that do not name the probe's own file. */
  public static String reason(IOException failure) {
    String reason = Storage.reason(failure);
    if (failure instanceof ParentNotDirectoryException
        || failure instanceof FileAlreadyExistsException
        || failure instanceof org.apache.hadoop.fs.FileAlreadyExistsException
        || reason.toLowerCase(Locale.ROOT).contains("not a directory")) {
      return BELOW_A_FILE;
    }
    if (failure instanceof AccessDeniedException || failure instanceof AccessControlException) {
      return "permission denied";
    }
    if (failure instanceof NoSuchFileException) {
      return "no file can be made there";
    }
    return reason;
  }

  /** Deletes the file and the folders that were made for it; folders only if they are empty. */
  @Override
  public void close() throws IOException {
    if (fileSystem.exists(file)) {
      fileSystem.delete(file, false);
    }
    for (int i = made.size() - 1; i >= 0; i--) {
      Path folder = made.get(i);
      if (fileSystem.exists(folder)) {
        if (fileSystem.listStatus(folder).length > 0) {
          return;
        }
        fileSystem.delete(folder, false);
      }
    }
  }
}
