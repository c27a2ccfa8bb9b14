// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.data.storage.Storage;
import io.stoker.failure.InputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Turns locations of users into paths that mean the same on every machine. */
public final class Locations {
  private static final String LOCAL = "file:/";

  private Locations() {}

  /**
   * The absolute path of a URI, with its filesystem.
   *
   * @param uri a local path, absolute or not, or a URI with a scheme
   * @param hadoop which filesystem a path without scheme is on
   * @throws InputException if there is no such filesystem, or a password is in the URI
   */
  public static Path absolute(String uri, Configuration hadoop) {
    Path path = Storage.path(uri);
    try {
      return Storage.of(path, hadoop).makeQualified(path);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot reach " + uri, e);
    }
  }

  /** A URI as people write it: a file of this machine without its scheme. */
  public static String plain(String uri) {
    return uri.startsWith(LOCAL) ? uri.substring(LOCAL.length() - 1) : uri;
  }
}
