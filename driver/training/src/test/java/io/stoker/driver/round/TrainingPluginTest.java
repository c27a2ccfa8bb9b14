// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.metrics.source.Source;
import org.junit.jupiter.api.Test;

class TrainingPluginTest {
  @Test
  void roundsShowInSparksMetrics() {
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set("spark.plugins", TrainingPlugin.class.getName());
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      TrainingPlugin.publish(
          RoundMetrics.of(Map.of(RoundNumber.ROUND, 7, RoundNumber.EPOCH, 2))
              .with(RoundNumber.STEP, 70)
              .with(RoundNumber.EXAMPLES, 640)
              .with(RoundNumber.EXAMPLES_TOTAL, 4480)
              .with(RoundNumber.LOSS, 0.5)
              .with(RoundNumber.ACCURACY, 0.75)
              .with(RoundNumber.LR, 0.01f)
              .with(RoundNumber.IMAGES_PER_SECOND, 320)
              .with(RoundNumber.DRIVER_BYTES, 9)
              .with(RoundNumber.EXECUTOR_BYTES, 11)
              .with(RoundNumber.DRIFT, 0.02));
      Source source =
          spark
              .sc()
              .env()
              .metricsSystem()
              .getSourcesByName("plugin." + TrainingPlugin.class.getName())
              .head();
      assertThat(source.metricRegistry().getGauges().get("loss").getValue()).isEqualTo(0.5);
      assertThat(source.metricRegistry().getGauges().get("round").getValue()).isEqualTo(7.0);
    }
  }
}
