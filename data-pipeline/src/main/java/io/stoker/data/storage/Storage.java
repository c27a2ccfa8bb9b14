package io.stoker.data.storage;

import io.stoker.failure.InputException;
import java.io.IOException;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

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
   * @throws IOException if the filesystem cannot be reached
   */
  public static FileSystem of(Path path, Configuration hadoop) throws IOException {
    refusePassword(path);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      return fileSystem instanceof LocalFileSystem local ? local.getRawFileSystem() : fileSystem;
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
