// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.util.VersionInfo;

/** The versions of the software that runs a job, for its records. */
public final class Versions {
  private Versions() {}

  /** Stoker's own; "development" where it does not run from its jar. */
  public static String stoker() {
    return Optional.ofNullable(Versions.class.getPackage().getImplementationVersion())
        .orElse("development");
  }

  /**
   * The versions of everything that a result may depend on.
   *
   * @param spark the cluster's version
   * @param engine the engine in one line
   */
  public static Map<String, String> all(String spark, String engine) {
    Map<String, String> versions = new TreeMap<>();
    versions.put("stoker", stoker());
    versions.put("java", Runtime.version().toString());
    versions.put("spark", spark);
    versions.put("hadoop", VersionInfo.getVersion());
    versions.put("engine", engine);
    return versions;
  }
}
