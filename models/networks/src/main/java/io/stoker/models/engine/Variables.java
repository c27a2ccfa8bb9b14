// SPDX-License-Identifier: Apache-2.0
package io.stoker.models.engine;

import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The variables of the environment that a library reads and an engine cannot set, for {@link
 * Engine#environment}.
 */
public final class Variables {
  private Variables() {}

  /**
   * Those that are set.
   *
   * @param prefixes what their names begin with
   */
  public static SortedMap<String, String> of(String... prefixes) {
    return of(System.getenv(), prefixes);
  }

  /** How many threads there are, the engines set; how much is logged has no influence. */
  static SortedMap<String, String> of(Map<String, String> environment, String... prefixes) {
    SortedMap<String, String> found = new TreeMap<>();
    environment.forEach(
        (name, value) -> {
          if (Stream.of(prefixes).anyMatch(name::startsWith)
              && !name.endsWith("_THREADS")
              && !name.contains("_VERBOSE")) {
            found.put(name, value);
          }
        });
    return found;
  }
}
