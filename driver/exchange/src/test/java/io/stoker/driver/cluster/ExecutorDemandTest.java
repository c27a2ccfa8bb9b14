// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.spark.Jobs;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
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
  void endsWhereNoExecutorComesAndLeavesNoJobBehind() throws InterruptedException {
    Map<String, String> large = Map.of("spark.executor.cores", "2");
    try (JavaSparkContext spark = LocalSpark.start("local-cluster[1,1,1024]", large)) {
      CountDownLatch ended = new CountDownLatch(1);
      spark.sc().addSparkListener(new EndedJobs(ended));

      assertThat(ExecutorDemand.await(spark, 1, Duration.ofSeconds(1))).isFalse();
      // Spark tells the caller of a job that failed before it tells its listeners.
      assertThat(ended.await(1, TimeUnit.MINUTES)).isTrue();
      Jobs.awaitEvents(spark);
      assertThat(spark.statusTracker().getActiveJobIds()).isEmpty();
    }
  }

  private static final class EndedJobs extends SparkListener {
    private final CountDownLatch ended;

    EndedJobs(CountDownLatch ended) {
      this.ended = ended;
    }

    @Override
    public void onJobEnd(SparkListenerJobEnd event) {
      ended.countDown();
    }
  }
}
