package io.stoker.driver.checkpoint;

import io.stoker.data.storage.Storage;
import io.stoker.failure.Check;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Turns what a user typed into a path that means the same on every machine. */
public final class Locations {
  private Locations() {}

  /**
   * The absolute path of a URI, with its filesystem.
   *
   * @param uri a local path, absolute or not, or a URI with a scheme
   * @param hadoop which filesystem a path without scheme is on
   * @throws InputException if there is no such filesystem
   */
  public static Path absolute(String uri, Configuration hadoop) {
    try {
      Path path = new Path(uri);
      String user = path.toUri().getUserInfo();
      Check.input(
          user == null || !user.contains(":"),
          "Invalid location: %s (a password must not be in it; Hadoop's credential providers or the environment hold those)",
          uri.replaceFirst("//[^@/]*@", "//...@"));
      return Storage.of(path, hadoop).makeQualified(path);
    } catch (IllegalArgumentException e) {
      throw new InputException("Invalid location: '%s' (%s)".formatted(uri, e.getMessage()), e);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach " + uri, e);
    }
  }
}
