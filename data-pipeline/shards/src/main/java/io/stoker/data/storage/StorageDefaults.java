// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.storage;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;

/**
 * Stoker's defaults for Hadoop's S3 and HDFS clients, in place of Hadoop's own.
 *
 * <p>Patience with S3: by its own defaults the client tries a request that is refused for about
 * half an hour, and one that stalls for days. With these it gives up after one to two minutes where
 * the endpoint refuses, long enough for a fail-over, and after about ten where it stalls.
 *
 * <p>Fewer requests to S3: the client deletes the markers of all parent folders after each file
 * that it writes, by a request that not every S3-compatible server answers. Stoker does not mind
 * markers.
 *
 * <p>Patience with HDFS: Hadoop 3.3's client waits for ever for the answer of a name node that has
 * stopped answering. With this it waits for two minutes, as that of Hadoop 3.5 does.
 *
 * <p>Small HDFS clusters: without best effort, nothing can be appended to a file where there are
 * fewer data nodes than replicas.
 */
public final class StorageDefaults {
  private static final Map<String, String> VALUES =
      Map.of(
          "fs.s3a.attempts.maximum", "4",
          "fs.s3a.connection.timeout", "20000", // milliseconds
          "fs.s3a.directory.marker.retention", "keep",
          "fs.s3a.multiobjectdelete.enable", "false",
          "ipc.client.rpc-timeout.ms", "120000",
          "dfs.client.block.write.replace-datanode-on-failure.best-effort", "true");

  private static final Set<String> HADOOPS_OWN = Set.of("core-default.xml", "hdfs-default.xml");

  private StorageDefaults() {}

  /**
   * Sets each default whose value is still Hadoop's own: a value from {@code core-site.xml}, {@code
   * spark.hadoop.*} or code stays.
   *
   * @param hadoop changed in place
   */
  public static void apply(Configuration hadoop) {
    VALUES.forEach(
        (key, value) -> {
          if (isHadoopsOwn(key, hadoop)) {
            hadoop.set(key, value, "Stoker's default");
          }
        });
  }

  private static boolean isHadoopsOwn(String key, Configuration hadoop) {
    String[] sources = hadoop.getPropertySources(key);
    return sources == null || HADOOPS_OWN.containsAll(Arrays.asList(sources));
  }
}
