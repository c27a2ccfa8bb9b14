// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import io.stoker.data.pack.ImageRows;
import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.run.ShardsLock;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A folder of prepared images: each data set is prepared once, and found again by its identity, for
 * all fits of a grid and for a fit that was interrupted. Several applications may have the same
 * folder: while one prepares a data set, the others wait for it.
 */
final class ShardCache {
  private static final Logger LOG = LoggerFactory.getLogger(ShardCache.class);

  /** One of these for each data set: fits that run side by side wait for one of them. */
  private static final Map<String, Object> LOCKS = new ConcurrentHashMap<>();

  private static final AtomicLong PREPARATIONS = new AtomicLong();

  private final Path root;
  private final JavaSparkContext spark;

  private ShardCache(Path root, JavaSparkContext spark) {
    this.root = root;
    this.spark = spark;
  }

  /**
   * The cache of a session.
   *
   * @param spark the cluster
   * @param cacheDir where the user wants it; empty for a folder that all executors reach: a
   *     temporary one of this machine for a local master, else below the folder for checkpoints of
   *     Spark or of Stoker
   * @param checkpointDir where the user wants checkpoints; empty for nowhere
   * @throws InputException if there is no folder that all executors reach
   */
  static ShardCache of(JavaSparkContext spark, String cacheDir, String checkpointDir) {
    Configuration hadoop = spark.hadoopConfiguration();
    if (!cacheDir.isBlank()) {
      return new ShardCache(Locations.absolute(cacheDir, hadoop), spark);
    }
    if (spark.isLocal()) {
      return new ShardCache(TemporaryFolders.path(temporary(hadoop)), spark);
    }
    Optional<String> ofSpark = Optional.ofNullable(spark.getCheckpointDir().orElse(null));
    String shared =
        ofSpark
            .or(() -> Optional.of(checkpointDir).filter(folder -> !folder.isBlank()))
            .orElseThrow(
                () ->
                    new InputException(
                        "Missing cacheDir: set it to a folder that all executors of %s reach, for"
                                .formatted(spark.master())
                            + " the prepared images"));
    return new ShardCache(Locations.absolute(shared, hadoop), spark);
  }

  private static java.nio.file.Path temporary(Configuration hadoop) {
    try {
      return TemporaryFolders.ofThisProcess(hadoop);
    } catch (IOException e) {
      throw new ResourceException(
          "Cannot make a folder for prepared images: %s (set cacheDir)".formatted(e), e);
    }
  }

  /** How many data sets this process has prepared. */
  static long preparations() {
    return PREPARATIONS.get();
  }

  /** Where it is. */
  Path root() {
    return root;
  }

  /**
   * The folder of shards of a data set, which is prepared if it is not there.
   *
   * @param identity of the data and of everything that shards depend on, as hexadecimal digits
   * @param rows the data
   * @param options the options, without the output
   */
  Path shards(String identity, ImageRows rows, PrepareOptions.Builder options) {
    Path folder = new Path(root, "data-" + identity);
    Configuration hadoop = spark.hadoopConfiguration();
    synchronized (LOCKS.computeIfAbsent(folder.toString(), path -> new Object())) {
      if (ShardFolder.isComplete(folder, hadoop)) {
        LOG.info("Using the images that were prepared before, {}", folder);
        return folder;
      }
      PrepareOptions whole =
          options.output(folder).existingOutput(PrepareOptions.ExistingOutput.OVERWRITE).build();
      if (ShardsLock.unlessThere(folder, hadoop, () -> new PrepareJob(spark, whole).run(rows))) {
        PREPARATIONS.incrementAndGet();
      }
      return folder;
    }
  }
}
