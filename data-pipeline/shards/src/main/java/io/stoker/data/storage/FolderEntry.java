// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import org.apache.hadoop.fs.Path;

/**
 * One entry of a folder. A listing has each entry exactly once, also those that cannot be used, so
 * that a caller can account for all of them.
 */
public sealed interface FolderEntry {
  /** The entry's name as text; bytes of it that are not UTF-8 are shown as {@code \xFF}. */
  String name();

  /**
   * A regular file.
   *
   * @param path of the file
   * @param length in bytes
   * @param link whether the entry is a symbolic link to the file
   */
  record File(Path path, long length, boolean link) implements FolderEntry {
    @Override
    public String name() {
      return path.getName();
    }
  }

  /**
   * A folder.
   *
   * @param path of the folder
   * @param link whether the entry is a symbolic link to the folder
   */
  record Folder(Path path, boolean link) implements FolderEntry {
    @Override
    public String name() {
      return path.getName();
    }
  }

  /**
   * An entry that is neither a file nor a folder: a named pipe, a socket, a device, or a link that
   * leads nowhere. Opening a pipe could wait for ever.
   *
   * @param name of the entry
   * @param reason why it cannot be read
   */
  record Special(String name, String reason) implements FolderEntry {}

  /**
   * A file on the local disk that Java cannot open by name, because its name (or that of the folder
   * that it is in) is not valid UTF-8. A folder of that kind is replaced by the files below it.
   *
   * @param name of the file, with the names of the unnameable folders above it
   * @param reason why it cannot be read
   */
  record Unnameable(String name, String reason) implements FolderEntry {}
}
