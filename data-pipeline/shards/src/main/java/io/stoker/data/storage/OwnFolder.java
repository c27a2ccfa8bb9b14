// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder that Stoker writes to, and deletes from: the only place where files of a user's folders
 * are deleted. Nothing outside of the folder is deleted, and nothing that is reached through a
 * symbolic link in it, because a link may lead to another run or to somebody else's files. The
 * folder itself may be given through links.
 */
public final class OwnFolder {
  private static final Logger LOG = LoggerFactory.getLogger(OwnFolder.class);

  private final Path root;
  private final FileSystem fileSystem;

  private OwnFolder(Path root, FileSystem fileSystem) {
    this.root = root;
    this.fileSystem = fileSystem;
  }

  /**
   * A folder, whether it exists yet or not.
   *
   * @param folder where it is
   * @param hadoop how to reach it
   * @throws IOException if its filesystem cannot be reached
   */
  public static OwnFolder at(Path folder, Configuration hadoop) throws IOException {
    FileSystem fileSystem = Storage.of(folder, hadoop);
    return new OwnFolder(normalized(folder, fileSystem), fileSystem);
  }

  /**
   * Deletes a file or an empty folder, if there is one.
   *
   * @param path below this folder
   * @return whether it is gone; false for a symbolic link, and for what is reached through one:
   *     both stay, and a warning says so
   * @throws IllegalArgumentException if the path is not below this folder
   * @throws IOException if the storage fails, or a folder is not empty
   */
  public boolean delete(Path path) throws IOException {
    if (isLinked(path)) {
      return false;
    }
    fileSystem.delete(path, false);
    return true;
  }

  /**
   * Deletes a folder with everything in it, if there is one. Symbolic links in it are deleted, and
   * what they lead to stays. A folder that is gone is no longer deleted on exit.
   *
   * @param path below this folder
   * @return whether it is gone; false as for {@link #delete}
   * @throws IllegalArgumentException if the path is not below this folder
   * @throws IOException if the storage fails
   */
  public boolean deleteTree(Path path) throws IOException {
    if (isLinked(path)) {
      return false;
    }
    if (fileSystem instanceof RawLocalFileSystem local) {
      deleteLocalTree(local.pathToFile(path).toPath());
    } else {
      fileSystem.delete(path, true);
    }
    FoldersOnExit.remove(normalized(path, fileSystem));
    return true;
  }

  /**
   * Has a folder deleted with everything in it when the process ends, such as by Ctrl-C. It need
   * not exist yet.
   *
   * @param path below this folder
   * @return whether it will be; false as for {@link #delete}, and if the process ends already
   * @throws IllegalArgumentException if the path is not below this folder
   * @throws IOException if the storage fails
   */
  public boolean deleteOnExit(Path path) throws IOException {
    return !isLinked(path) && FoldersOnExit.add(normalized(path, fileSystem), this);
  }

  /**
   * Deletes this folder itself, if it is there and empty.
   *
   * @throws IOException if the storage fails, or the folder is not empty
   */
  public void deleteEmpty() throws IOException {
    fileSystem.delete(root, false);
  }

  private static void deleteLocalTree(java.nio.file.Path folder) throws IOException {
    if (Files.notExists(folder)) {
      return;
    }
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(java.nio.file.Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(java.nio.file.Path directory, IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private boolean isLinked(Path path) throws IOException {
    Optional<Path> link = linkTo(path);
    link.ifPresent(
        found -> LOG.warn("Not deleting {}: {} is a symbolic link, and not followed", path, found));
    return link.isPresent();
  }

  /**
   * The symbolic link in this folder through which a path is reached, or which it is.
   *
   * @param path below this folder
   * @return empty if there is none
   * @throws IllegalArgumentException if the path is not below this folder
   * @throws IOException if the storage fails
   */
  public Optional<Path> linkTo(Path path) throws IOException {
    Deque<Path> way = new ArrayDeque<>();
    for (Path each = normalized(path, fileSystem); !each.equals(root); each = each.getParent()) {
      way.push(each);
      if (each.isRoot()) {
        throw new IllegalArgumentException("%s is not below %s".formatted(path, root));
      }
    }
    if (way.isEmpty()) {
      throw new IllegalArgumentException("%s is not below itself".formatted(path));
    }
    for (Path each : way) {
      if (isLink(each)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  private boolean isLink(Path path) throws IOException {
    if (fileSystem instanceof RawLocalFileSystem local) {
      return Files.isSymbolicLink(local.pathToFile(path).toPath());
    }
    if (!fileSystem.supportsSymlinks()) {
      return false;
    }
    try {
      return fileSystem.getFileLinkStatus(path).isSymlink();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  /** Absolute, with its filesystem, and without parts such as "..". */
  private static Path normalized(Path path, FileSystem fileSystem) {
    return new Path(fileSystem.makeQualified(path).toUri().normalize());
  }
}
