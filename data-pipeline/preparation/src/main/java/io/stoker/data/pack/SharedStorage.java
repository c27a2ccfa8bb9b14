// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import io.stoker.data.storage.Storage;
import io.stoker.data.storage.StorageProbe;
import io.stoker.data.storage.WriteProbe;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Makes sure that executors reach the driver's storage, before their tasks write there. Where a
 * path leads to another folder on each machine, each of these folders would have some of the files,
 * which is found out at the end of the job or never.
 */
public final class SharedStorage {
  private SharedStorage() {}

  /**
   * Has each executor that is there look for files of the driver, and write to a folder. Does
   * nothing with a local master, whose only process is the driver.
   *
   * @param spark the cluster
   * @param folder where tasks will write; it is made for the check if it is not there
   * @param files files that the driver has, in addition to one that it writes to the folder
   * @throws ResourceException if an executor does not see a file or cannot write
   * @throws UncheckedIOException if the driver cannot write
   */
  public static void require(JavaSparkContext spark, Path folder, List<Path> files) {
    if (spark.isLocal()) {
      return;
    }
    Configuration hadoop = spark.hadoopConfiguration();
    try {
      FileSystem fileSystem = Storage.of(folder, hadoop);
      Path place = fileSystem.makeQualified(folder);
      try (WriteProbe mark = new WriteProbe(place, fileSystem)) {
        mark.write(new byte[1]);
        requireOfExecutors(
            spark,
            place.toString(),
            Stream.concat(files.stream(), Stream.of(mark.file())).map(Path::toString).toList());
      }
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot write to " + folder, e);
    }
  }

  /** Asks again while further executors register. */
  private static void requireOfExecutors(
      JavaSparkContext spark, String folder, List<String> files) {
    SerializableConfiguration hadoop = new SerializableConfiguration(spark.hadoopConfiguration());
    int asked;
    do {
      asked = executors(spark);
      // A problem is a result: a task that fails would be tried again, on another executor.
      List<String> problems =
          spark
              .parallelize(IntStream.range(0, asked).boxed().toList(), asked)
              .flatMap(task -> problem(folder, files, hadoop.value()).stream().iterator())
              .collect();
      if (!problems.isEmpty()) {
        throw new ResourceException(problems.get(0));
      }
    } while (executors(spark) > asked);
  }

  /** How many executors there are, at least one: Spark has a task wait for it. */
  private static int executors(JavaSparkContext spark) {
    int withDriver = spark.sc().statusTracker().getExecutorInfos().length;
    return Math.max(1, withDriver - 1);
  }

  /** Why this executor cannot use the storage; empty if it can. */
  static Optional<String> problem(String folder, List<String> files, Configuration hadoop) {
    String executor =
        "Executor %s on %s"
            .formatted(
                SparkEnv.get().executorId(), SparkEnv.get().blockManager().blockManagerId().host());
    try {
      for (String name : files) {
        Path file = new Path(name);
        if (!Storage.of(file, hadoop).exists(file)) {
          return Optional.of(
              "%s cannot see the driver's files in %s; take a location that all machines share (hdfs://, s3a://, a mounted folder)"
                  .formatted(executor, file.getParent()));
        }
      }
      StorageProbe.run(folder, hadoop);
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("%s cannot reach %s: %s".formatted(executor, folder, Storage.reason(e)));
    } catch (StokerException e) {
      return Optional.of("%s: %s".formatted(executor, e.getMessage()));
    }
  }
}
