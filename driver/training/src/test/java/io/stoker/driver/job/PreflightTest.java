// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.cluster.Gang;
import io.stoker.driver.cluster.MemoryNeed;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.spark.RegisteredExecutor;
import io.stoker.failure.ResourceException;
import io.stoker.models.engine.Engine;
import io.stoker.models.engine.Engines;
import io.stoker.models.zoo.Zoo;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Test;

class PreflightTest {
  private static final Engine ENGINE = Engines.named(Engines.AUTO);

  private static JavaSparkContext start(Map<String, String> options) {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.bindAddress", "127.0.0.1");
    options.forEach(conf::set);
    return new JavaSparkContext(conf);
  }

  private static MemoryNeed small(int workers) {
    return MemoryNeed.ofTraining(Zoo.model("perceptron", 10), 16, workers, 1 << 20, 0, 1);
  }

  @Test
  void letsWorkersTakeTurns() {
    try (JavaSparkContext spark = start(Map.of())) {
      assertThatCode(() -> Preflight.check(spark, ENGINE, 5, small(5))).doesNotThrowAnyException();
    }
  }

  @Test
  void saysWhatFewerSlotsThanWorkersCost() {
    Slots two = new Slots(List.of(new RegisteredExecutor("0", "a", 2, Instant.EPOCH)));

    assertThat(Preflight.waves(two, 5))
        .isEqualTo(
            "2 slots for 5 workers: a round takes 3 waves, about 3 times as long as with 5 slots");
    Slots none = new Slots(List.of(new RegisteredExecutor("0", "a", 0, Instant.EPOCH)));
    assertThat(Preflight.waves(none, 5)).contains("spark.task.cpus");
  }

  @Test
  void refusesAGangThatHasNoSlots() {
    try (JavaSparkContext spark = start(Gang.CONFIGURATION)) {
      assertThatCode(() -> Preflight.check(spark, ENGINE, 2, small(2))).doesNotThrowAnyException();
      assertThatThrownBy(() -> Preflight.check(spark, ENGINE, 3, small(3)))
          .isInstanceOf(ResourceException.class)
          .hasMessageStartingWith("Cannot train 3 workers at once: local[2] has 2 slots; give");
    }
  }
}
