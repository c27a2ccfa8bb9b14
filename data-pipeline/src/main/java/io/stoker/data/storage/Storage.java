package io.stoker.data.storage;

import io.stoker.failure.InputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.hdfs.DistributedFileSystem;

/** The filesystem of a path. */
public final class Storage {
  private static final Set<String> S3 = Set.of("s3", "s3n", "s3a");

  private Storage() {}

  /**
   * A location as Hadoop's filesystems take it.
   *
   * @param uri a local path, absolute or not, or a URI with a scheme
   * @throws InputException if it is none, or has a password in it
   */
  public static Path path(String uri) {
    try {
      Path path = new Path(uri);
      refusePassword(path);
      return path;
    } catch (IllegalArgumentException e) {
      throw new InputException(
          withoutPassword("Invalid location: '%s' (%s)".formatted(uri, e.getMessage())));
    }
  }

  /**
   * The filesystem that a path is on. On a local disk it is the plain one: Hadoop's own checksum
   * files would only repeat, slowly, what the manifest's SHA-256 says, and would litter the folder.
   *
   * @throws InputException if the path's scheme is that of no known filesystem, or if the path has
   *     a password in it
   * @throws io.stoker.failure.ResourceException if the path is on a local disk and its name cannot
   *     be read, see {@link FileNames}
   * @throws IOException if the filesystem cannot be reached
   */
  public static FileSystem of(Path path, Configuration hadoop) throws IOException {
    refusePassword(path);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      if (fileSystem instanceof LocalFileSystem local) {
        return FileNames.areUnicode()
            ? local.getRawFileSystem()
            : AsciiLocalFileSystem.of(path, hadoop);
      }
      return fileSystem;
    } catch (UnsupportedFileSystemException e) {
      throw new InputException(
          "Cannot reach "
              + path
              + ": no filesystem is known by "
              + path.toUri().getScheme()
              + "://",
          e);
    }
  }

  /**
   * Writes a small file whole, in place of what is there: whoever reads it meanwhile, or after a
   * crash, finds the old content or the new one. A local disk and HDFS rename a hidden file over
   * it; an object store shows an object only when all of it is there.
   */
  public static void replace(Path file, byte[] content, Configuration hadoop) throws IOException {
    FileSystem fileSystem = of(file, hadoop);
    if (fileSystem instanceof DistributedFileSystem hdfs) {
      write(hdfs, beside(file), content);
      hdfs.rename(beside(file), file, Options.Rename.OVERWRITE);
    } else if (fileSystem instanceof RawLocalFileSystem local) {
      // Not over a symbolic link there: the write would follow it to another file.
      Files.deleteIfExists(local.pathToFile(beside(file)).toPath());
      write(fileSystem, beside(file), content);
      if (!fileSystem.rename(beside(file), file)) {
        throw new IOException("Cannot rename %s to %s".formatted(beside(file), file));
      }
    } else {
      write(fileSystem, file, content);
    }
  }

  /** What {@link #replace} may leave when it is killed. */
  public static Path beside(Path file) {
    return new Path(file.getParent(), "." + file.getName() + ".new");
  }

  private static void write(FileSystem fileSystem, Path file, byte[] content) throws IOException {
    try (FSDataOutputStream out = fileSystem.create(file, true)) {
      out.write(content);
    }
  }

  /**
   * Writes a small file if there is none. Of two that do so at once, one comes first on a local
   * disk and on HDFS; S3 has no such request, and the later one is what remains.
   *
   * @return whether there was none
   */
  public static boolean createNew(Path file, byte[] content, Configuration hadoop)
      throws IOException {
    FileSystem fileSystem = of(file, hadoop);
    try {
      if (fileSystem instanceof RawLocalFileSystem local) {
        Files.write(local.pathToFile(file).toPath(), content, StandardOpenOption.CREATE_NEW);
        return true;
      }
      try (FSDataOutputStream out = fileSystem.create(file, false)) {
        out.write(content);
      }
      return true;
    } catch (FileAlreadyExistsException | java.nio.file.FileAlreadyExistsException e) {
      return false;
    }
  }

  /**
   * Locations are shown, recorded and logged. Slashes may stand in an S3 key, which then ends what
   * a URI has for its authority; but no bucket has a colon in its name.
   */
  private static void refusePassword(Path path) {
    String authority = path.toUri().getAuthority();
    if (authority == null) {
      return;
    }
    boolean s3 = S3.contains(path.toUri().getScheme());
    boolean password =
        s3 ? authority.contains(":") || authority.contains("@") : authority.matches(".*:.*@.*");
    if (password) {
      throw new InputException(
          "Invalid location: %s://... has a password in it (Hadoop's credential providers or the environment hold those; see docs/cluster.md)"
              .formatted(path.toUri().getScheme()));
    }
  }

  private static String withoutPassword(String text) {
    return text.replaceAll("//.*@", "//...@");
  }
}
