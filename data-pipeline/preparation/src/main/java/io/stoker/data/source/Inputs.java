// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.FolderEntries;
import io.stoker.data.storage.FolderEntry;
import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.StokerException;
import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** What all sources need of a filesystem. */
final class Inputs {
  private static final Pattern ARCHIVE = Pattern.compile("(?i).*\\.(zip|tar|tgz|tar\\.gz|7z|rar)");

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");

  private Inputs() {}

  /**
   * Finds a folder.
   *
   * @throws InputException if there is none
   */
  static FileStatus folder(FileSystem fileSystem, Path input) throws IOException {
    FileStatus status = status(fileSystem, input);
    Check.input(
        status.isDirectory(),
        "Invalid input: %s is a file (must be a folder%s)",
        input,
        ARCHIVE.matcher(input.getName()).matches()
            ? "; unpack the archive, or take --format tar for class folders in a tar file"
            : "");
    return status;
  }

  /**
   * Finds a file.
   *
   * @return its whole path
   * @throws InputException if there is none
   */
  static Path file(FileSystem fileSystem, Path input) throws IOException {
    FileStatus status = status(fileSystem, input);
    Check.input(status.isFile(), "Invalid input: %s is a folder (must be a file)", input);
    Check.input(
        !Storage.isSpecial(fileSystem, input),
        "Invalid input: %s is a named pipe, socket or device (must be a file)",
        input);
    return status.getPath();
  }

  /**
   * What is at a path.
   *
   * @throws InputException if there is nothing
   */
  static FileStatus status(FileSystem fileSystem, Path input) throws IOException {
    FolderEntries.requireNameable(fileSystem, input);
    try {
      return fileSystem.getFileStatus(input);
    } catch (FileNotFoundException e) {
      throw Storage.notFound("input", input, fileSystem.getConf());
    }
  }

  /**
   * Every entry of a folder, by name.
   *
   * @throws InputException if it must not be read
   */
  static List<FolderEntry> entries(FileSystem fileSystem, Path folder) {
    try {
      return FolderEntries.of(fileSystem, folder);
    } catch (StokerException e) {
      throw e;
    } catch (IOException | RuntimeException e) {
      throw new InputException("Cannot read folder " + folder + ": " + Storage.reason(e), e);
    }
  }

  /**
   * The files of a folder that a source uses, of which a few have known names.
   *
   * @param ignored receives the names of all other entries
   * @param known whether the source uses a file of this name
   */
  static List<FolderEntry.File> files(
      FileSystem fileSystem, Path folder, List<String> ignored, Predicate<String> known) {
    List<FolderEntry.File> files = new ArrayList<>();
    for (FolderEntry entry : entries(fileSystem, folder)) {
      if (entry instanceof FolderEntry.File file && known.test(file.name())) {
        files.add(file);
      } else {
        ignored.add(entry.name() + (entry instanceof FolderEntry.Folder ? "/" : ""));
      }
    }
    return files;
  }

  /** Whether files and folders of a name are hidden, as Unix has it. */
  static boolean isHidden(String name) {
    return name.startsWith(".");
  }

  /** A name from the input as a message can show it: on one line. */
  static String shown(String name) {
    return CONTROL.matcher(name).replaceAll("?");
  }

  /** Closes what a stream of samples reads. */
  static void close(Closeable input) {
    try {
      input.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
