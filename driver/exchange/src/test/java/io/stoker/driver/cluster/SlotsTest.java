// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.spark.RegisteredExecutor;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlotsTest {
  /** Executors with some slots each. */
  static Slots of(int... slots) {
    return new Slots(
        IntStream.range(0, slots.length)
            .mapToObj(i -> new RegisteredExecutor("" + i, "host", slots[i], Instant.EPOCH))
            .toList());
  }

  @ParameterizedTest
  @CsvSource({
    "1 1 1 1, 2, 1",
    "1 1 1 1, 9, 1",
    "4 4, 4, 2",
    "4 4, 5, 3",
    "1 7, 8, 7",
    "1 7, 2, 1",
    "8, 3, 3"
  })
  void tasksAreSpreadEvenlyUpToTheSlotsOfEachExecutor(String slots, int tasks, int most) {
    int[] each = Arrays.stream(slots.split(" ")).mapToInt(Integer::parseInt).toArray();

    assertThat(of(each).mostOnOneExecutor(tasks)).isEqualTo(most);
  }

  @Test
  void wavesSayHowOftenAllSlotsAreUsed() {
    assertThat(of(2).waves(5)).isEqualTo(3);
    assertThat(of(2, 2).waves(4)).isEqualTo(1);
    assertThat(of().waves(4)).isEqualTo(4);
    assertThat(of(1).waves(Integer.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void slotsOfALocalMasterAreKnownAtOnce() {
    try (JavaSparkContext spark = LocalSpark.start("local[3]", Map.of("spark.task.cpus", "2"))) {
      assertThat(Slots.now(spark).count()).isEqualTo(1);
      assertThat(Slots.now(spark).executors())
          .extracting(RegisteredExecutor::id)
          .isEqualTo(List.of("driver"));
    }
  }
}
