// SPDX-License-Identifier: Apache-2.0
package io.stoker.data;

import java.net.URI;
import java.nio.file.Path;

/** Paths whose names are any bytes, which no text of Java's stands for. */
public final class RawNames {
  private RawNames() {}

  /**
   * A path in a folder.
   *
   * @param escaped its name with bytes outside of ASCII escaped, such as {@code caf%E9}
   */
  public static Path in(Path folder, String escaped) {
    String base = folder.toUri().toString();
    return Path.of(URI.create(base.endsWith("/") ? base + escaped : base + "/" + escaped));
  }
}
