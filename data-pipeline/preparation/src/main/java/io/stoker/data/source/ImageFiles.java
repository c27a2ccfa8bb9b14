// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.source;

import io.stoker.data.storage.FolderEntries;
import io.stoker.data.storage.Storage;
import io.stoker.failure.ResourceException;
import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.util.Locale;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads image files whole. */
public final class ImageFiles {
  private static final Logger LOG = LoggerFactory.getLogger(ImageFiles.class);

  /** No image file of a size that is accepted is longer. */
  private static final long LARGEST_FILE = 1L << 29;

  /** The longest file that is read: it takes a quarter of the heap at most. */
  public static final long MAXIMUM_BYTES =
      Math.min(LARGEST_FILE, Runtime.getRuntime().maxMemory() / 4);

  private ImageFiles() {}

  /**
   * A file's bytes, or why there are none.
   *
   * @param file on any filesystem
   * @param hadoop how to reach it
   * @throws io.stoker.failure.ResourceException if this process cannot decode the file's name
   */
  public static SourceImage read(Path file, Configuration hadoop) {
    try {
      FileSystem fileSystem = Storage.of(file, hadoop);
      FolderEntries.requireNameable(fileSystem, file);
      FileStatus status = fileSystem.getFileStatus(file);
      return status.isDirectory()
          ? new SourceImage.Unreadable("a folder")
          : read(fileSystem, file, status.getLen());
    } catch (ResourceException e) {
      throw e;
    } catch (FileNotFoundException e) {
      return new SourceImage.Unreadable("missing");
    } catch (IOException | RuntimeException e) { // Not a path, or of no known filesystem.
      return new SourceImage.Unreadable("cannot be read: " + Storage.reason(e));
    }
  }

  /**
   * The bytes of a file of known length, or why there are none.
   *
   * @throws io.stoker.failure.ResourceException if this process cannot decode the file's name
   */
  static SourceImage read(FileSystem fileSystem, Path file, long length) {
    FolderEntries.requireNameable(fileSystem, file);
    if (length > MAXIMUM_BYTES) {
      return tooLarge(length);
    }
    if (length < 0) { // Hadoop has filesystems of web servers.
      return new SourceImage.Unreadable("cannot be read: its storage does not say how long it is");
    }
    byte[] bytes = new byte[(int) length];
    try (FSDataInputStream in = fileSystem.open(file)) {
      in.readFully(bytes);
      return new SourceImage.Encoded(bytes);
    } catch (FileNotFoundException e) {
      return new SourceImage.Unreadable("missing");
    } catch (EOFException e) {
      return new SourceImage.Unreadable("cannot be read: it is shorter than when it was listed");
    } catch (IOException e) {
      return new SourceImage.Unreadable("cannot be read: " + Storage.reason(e));
    }
  }

  /**
   * The bytes of a file that was listed, or why there are none.
   *
   * @throws ResourceException if it is not for the file: its storage does not answer any more, and
   *     all other files would be tried in vain, each as patiently as the storage's client is
   */
  static SourceImage readListed(FileSystem fileSystem, Path file, long length) {
    SourceImage image = read(fileSystem, file, length);
    if (image instanceof SourceImage.Unreadable) {
      requireAnswer(fileSystem, file.getParent());
    }
    return image;
  }

  private static void requireAnswer(FileSystem fileSystem, Path folder) {
    try {
      fileSystem.getFileStatus(folder);
    } catch (FileNotFoundException | AccessDeniedException | AccessControlException e) {
      LOG.debug("The storage of {} answers", folder, e);
    } catch (IOException e) {
      throw new ResourceException("Cannot read %s: %s".formatted(folder, Storage.reason(e)), e);
    }
  }

  /**
   * What takes the place of a file that is longer than {@link #MAXIMUM_BYTES}.
   *
   * @param length of the file in bytes
   */
  public static SourceImage.Unreadable tooLarge(long length) {
    return new SourceImage.Unreadable(
        length > LARGEST_FILE
            ? String.format(
                Locale.ROOT, "too large: %d bytes, the limit is %d", length, LARGEST_FILE)
            : String.format(
                Locale.ROOT,
                "too large for the memory of this process: %d bytes in a heap of %d MB (give it"
                    + " more)",
                length,
                Runtime.getRuntime().maxMemory() >> 20));
  }
}
