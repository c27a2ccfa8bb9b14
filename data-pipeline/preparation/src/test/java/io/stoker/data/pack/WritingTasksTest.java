// SPDX-License-Identifier: Apache-2.0
package io.stoker.data.pack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.data.TestSpark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WritingTasksTest {
  private static final int MILLIS = 1_000;

  /** Fails as soon as the other task runs, which writes a second later. */
  private static boolean write(int task, Path folder) throws IOException, InterruptedException {
    Path begun = folder.resolve("begun");
    if (task == 0) {
      while (!Files.exists(begun)) {
        Thread.sleep(1);
      }
      throw new IOException("the disk of this task is full");
    }
    Files.createFile(begun);
    Thread.sleep(MILLIS);
    Files.createFile(folder.resolve("late"));
    return true;
  }

  @Test
  void waitsForTheOtherTasksOfAJobThatFails(@TempDir Path scratch) {
    String folder = scratch.toString();
    try (JavaSparkContext spark = TestSpark.local(2)) {
      assertThatThrownBy(
              () ->
                  WritingTasks.run(
                      spark.sc(),
                      () ->
                          spark
                              .parallelize(List.of(0, 1), 2)
                              .map(task -> write(task, Path.of(folder)))
                              .collect()))
          .isInstanceOf(SparkException.class)
          .hasMessageContaining("the disk of this task is full");

      assertThat(scratch.resolve("late")).exists();
      assertThat(spark.getLocalProperty("stoker.writing")).isNull();
    }
  }
}
