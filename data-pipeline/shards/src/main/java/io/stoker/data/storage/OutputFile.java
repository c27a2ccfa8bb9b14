// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/**
 * A file that a command writes at its end, such as a picture or a report.
 *
 * <p>Whether it can be written is found out when this object is made, before hours of work: by
 * writing a small file next to it and deleting that again. {@link #write} makes the folder, if
 * there is none, and puts the whole file in place of an earlier one: who reads it sees the old
 * content or the new. A symbolic link is replaced by the file; what it points to stays as it is.
 */
public final class OutputFile {
  private final String option;
  private final Path path;
  private final Configuration hadoop;

  private OutputFile(String option, Path path, Configuration hadoop) {
    this.option = option;
    this.path = path;
    this.hadoop = hadoop;
  }

  /**
   * Checks that a file can be written.
   *
   * @param option the option that names it, such as {@code --output}: failures say so
   * @param uri the file: a local path, absolute or not, or a URI with a scheme
   * @param hadoop how to reach it
   * @throws InputException if there is a folder or a device in its place, or if a part of the path
   *     is a file
   * @throws ResourceException if there is no right or no room to write it, or its filesystem cannot
   *     be reached
   */
  public static OutputFile check(String option, String uri, Configuration hadoop) {
    Path path = Storage.path(uri);
    OutputFile output = in(option, path, hadoop);
    try {
      WriteProbe.run(output.path.getParent(), Storage.of(path, hadoop));
      return output;
    } catch (IOException e) {
      throw unwritable(option, path, e);
    }
  }

  /** Checks a file likewise, in a folder that can be written to. */
  static OutputFile in(String option, Path path, Configuration hadoop) {
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      OutputFile output = new OutputFile(option, fileSystem.makeQualified(path), hadoop);
      output.requireReplaceable(fileSystem);
      return output;
    } catch (IOException e) {
      throw unwritable(option, path, e);
    }
  }

  private void requireReplaceable(FileSystem fileSystem) throws IOException {
    Check.input(path.getParent() != null, "Invalid %s: %s is a folder", option, path);
    if (fileSystem instanceof RawLocalFileSystem local) {
      java.nio.file.Path file = local.pathToFile(path).toPath();
      Check.input(!Files.isDirectory(file), "Invalid %s: %s is a folder", option, path);
      Check.input(
          !Files.exists(file, LinkOption.NOFOLLOW_LINKS)
              || Files.isSymbolicLink(file)
              || Files.isRegularFile(file),
          "Invalid %s: %s is no regular file",
          option,
          path);
    } else {
      Check.input(
          !fileSystem.exists(path) || fileSystem.getFileStatus(path).isFile(),
          "Invalid %s: %s is a folder",
          option,
          path);
    }
  }

  /** The failure to write a path, as a user is told it. */
  static RuntimeException unwritable(String option, Path path, IOException failure) {
    String reason = WriteProbe.reason(failure);
    String message = "Cannot write %s %s: %s".formatted(option, path, reason);
    return reason.equals(WriteProbe.BELOW_A_FILE)
        ? new InputException(message, failure)
        : new ResourceException(message, failure);
  }

  /**
   * Makes sure that there is no earlier file.
   *
   * @param remedy what to do if there is one, for the message
   * @throws InputException if there is one
   * @throws UncheckedIOException if the storage fails
   */
  public void refuseExisting(String remedy) {
    try {
      Check.input(
          !Storage.of(path, hadoop).exists(path),
          "Invalid %s: %s exists (%s)",
          option,
          path,
          remedy);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach %s %s".formatted(option, path), e);
    }
  }

  /** Where the file is, with its filesystem. */
  public Path path() {
    return path;
  }

  /** What writes the content. */
  public interface Content {
    /**
     * Writes all of it.
     *
     * @param out not to be closed
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes the file.
   *
   * @param content all of it
   * @throws UncheckedIOException if the storage fails
   */
  public void write(byte[] content) {
    write(out -> out.write(content));
  }

  /**
   * Writes the file.
   *
   * @param content writes all of it
   * @throws UncheckedIOException if the storage fails; an earlier file is still there then
   */
  public void write(Content content) {
    try {
      FileSystem fileSystem = Storage.of(path, hadoop);
      if (fileSystem instanceof RawLocalFileSystem || fileSystem instanceof DistributedFileSystem) {
        Path unfinished = new Path(path.getParent(), ".stoker-" + UUID.randomUUID());
        try {
          create(unfinished, fileSystem, content);
          rename(unfinished, fileSystem);
        } catch (IOException | RuntimeException | Error e) {
          fileSystem.delete(unfinished, false);
          throw e;
        }
      } else {
        // An object store shows an object only when all of it is there.
        create(path, fileSystem, content);
      }
    } catch (IOException e) {
      throw unwritten(e);
    } catch (FSError e) { // Hadoop's local filesystem throws one where the disk is full.
      throw unwritten(e.getCause() instanceof IOException cause ? cause : new IOException(e));
    }
  }

  private UncheckedIOException unwritten(IOException failure) {
    return new UncheckedIOException("Cannot write %s %s".formatted(option, path), failure);
  }

  private static void create(Path file, FileSystem fileSystem, Content content) throws IOException {
    FSDataOutputStream out = fileSystem.create(file, true);
    try {
      content.writeTo(out);
      out.close();
    } catch (IOException | RuntimeException | Error e) {
      Storage.abandon(out);
      throw e;
    }
  }

  private void rename(Path unfinished, FileSystem fileSystem) throws IOException {
    if (fileSystem instanceof DistributedFileSystem hdfs) {
      hdfs.rename(unfinished, path, Options.Rename.OVERWRITE);
    } else if (!fileSystem.rename(unfinished, path)) {
      throw new IOException("Cannot rename %s to %s".formatted(unfinished, path));
    }
  }
}
