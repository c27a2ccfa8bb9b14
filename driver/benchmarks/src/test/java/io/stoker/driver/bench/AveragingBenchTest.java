// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;
import java.time.Duration;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class AveragingBenchTest {
  private static final int PARAMETERS = 100_000;
  private static final int SLICE_BYTES = 100_000;

  /** The result of a task, and what the scheduler says of it. */
  private static final int BYTES_A_WORKER = 4096;

  @Test
  void showsThatTheDriversShareHardlyGrowsWithTheWorkers() {
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      long two = driverBytes(spark, PARAMETERS, 2);
      long sixteen = driverBytes(spark, PARAMETERS, 16);

      assertThat(sixteen - two).isBetween(0L, 14L * BYTES_A_WORKER);
      // Ten times the parameters, in slices that are ten times as large.
      assertThat(driverBytes(spark, 10 * PARAMETERS, 2)).isBetween(two / 2, 2 * two);
    }
  }

  private static long driverBytes(JavaSparkContext spark, int parameters, int workers) {
    int sliceBytes = SLICE_BYTES * (parameters / PARAMETERS);
    ParameterSlices slices =
        new ParameterSlices(parameters, 1, ParameterSlices.lengthOf(sliceBytes));
    AveragingLoad load = new AveragingLoad(slices, workers, 5, Wire.FP32, WaitingSteps.NONE, 0);
    return AveragingBench.run(spark, load).cost().driverBytesPerRound();
  }

  @Test
  void roundsTakeTheTimeOfTheirStepsAndOverlapHidesTheWait() {
    WaitingSteps steps = new WaitingSteps(6, Duration.ofMillis(20));
    ParameterSlices slices =
        new ParameterSlices(PARAMETERS, 1, ParameterSlices.lengthOf(SLICE_BYTES));
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      for (int overlapSteps : List.of(0, 4)) {
        AveragingBench.Result result =
            AveragingBench.run(
                spark, new AveragingLoad(slices, 2, 6, Wire.FP32, steps, overlapSteps));

        assertThat(result.cost().secondsPerRound()).isBetween(steps.seconds(), 60.0);
        assertThat(result.cost().driverBytesPerRound()).isBetween(1L, 100_000L);
      }
    }
  }
}
