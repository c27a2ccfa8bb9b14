// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.data.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What one executor finds; {@code JourneyIT} has those of a cluster look. */
class SharedStorageTest {
  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = TestSpark.local(1);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @Test
  void leavesAFolderThatTheDriverSharesAsItWas() throws IOException {
    Path there = Files.createFile(folder.resolve("run.json"));

    assertThat(problem(folder, there)).isEmpty();
    assertThat(folder.toFile().list()).containsExactly("run.json");
  }

  @Test
  void namesTheFolderWhoseFilesAnExecutorDoesNotSee() throws IOException {
    Path there = Files.createFile(folder.resolve("run.json"));
    Path data = folder.resolve("data");

    assertThat(problem(folder, there, data.resolve("manifest.json")))
        .hasValueSatisfying(
            problem ->
                assertThat(problem)
                    .startsWith("Executor driver on ")
                    .contains(" cannot see the driver's files in " + data + "; take a location"));
  }

  @Test
  void namesTheFolderThatAnExecutorCannotWriteTo() throws IOException {
    Path file = Files.createFile(folder.resolve("run.json"));

    assertThat(problem(file, file))
        .hasValueSatisfying(
            problem ->
                assertThat(problem)
                    .startsWith("Executor driver on ")
                    .contains(": Cannot use storage " + file));
  }

  @Test
  void aLocalMasterRunsNoTaskForIt() {
    SharedStorage.require(spark, new org.apache.hadoop.fs.Path(folder.toString()), List.of());

    assertThat(spark.statusTracker().getJobIdsForGroup(null)).isEmpty();
    assertThat(folder).isEmptyDirectory();
  }

  private static Optional<String> problem(Path folder, Path... files) {
    return SharedStorage.problem(
        folder.toString(),
        List.of(files).stream().map(Path::toString).toList(),
        new Configuration());
  }
}
