// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.spark.Jobs;
import java.time.Duration;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class ExecutorDemandTest {
  @Test
  void endsWhenAllTasksRunAtTheSameTime() {
    try (JavaSparkContext spark = LocalSpark.start("local[3]")) {
      assertThat(ExecutorDemand.await(spark, 3, Duration.ofMinutes(5))).isTrue();
    }
  }

  @Test
  void endsWhenTheSlotsDoNotComeAndLeavesNoTaskBehind() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      assertThat(ExecutorDemand.await(spark, 3, Duration.ofMillis(300))).isFalse();
      Jobs.awaitEvents(spark);
      assertThat(spark.statusTracker().getActiveJobIds()).isEmpty();
      assertThat(ExecutorDemand.await(spark, 2, Duration.ofMinutes(5))).isTrue();
    }
  }

  /** A worker that has too few cores for the only kind of executors that the job wants. */
  @Test
  void endsWhereNoExecutorComesAndLeavesNoJobBehind() {
    Map<String, String> large = Map.of("spark.executor.cores", "2");
    try (JavaSparkContext spark = LocalSpark.start("local-cluster[1,1,1024]", large)) {
      assertThat(ExecutorDemand.await(spark, 1, Duration.ofSeconds(1))).isFalse();
      Jobs.awaitEvents(spark);
      assertThat(spark.statusTracker().getActiveJobIds()).isEmpty();
    }
  }
}
