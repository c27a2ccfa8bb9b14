package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.averaging.ParameterSlices;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.ResourceException;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.metrics.source.Source;
import org.junit.jupiter.api.Test;

class PreflightTest {
  private static final ParameterSlices SMALL = new ParameterSlices(60_000, 2, 1 << 20);

  private static JavaSparkContext start(String key, String value) {
    return new JavaSparkContext(
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.enabled", "false")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set(key, value));
  }

  @Test
  void letsWorkersTakeTurns() {
    try (JavaSparkContext spark = start(Preflight.GANG, "false")) {
      assertThatCode(() -> Preflight.check(spark, 5, SMALL)).doesNotThrowAnyException();
    }
  }

  @Test
  void refusesAGangThatHasNoSlots() {
    try (JavaSparkContext spark = start(Preflight.GANG, "true")) {
      assertThatCode(() -> Preflight.check(spark, 2, SMALL)).doesNotThrowAnyException();
      assertThatThrownBy(() -> Preflight.check(spark, 3, SMALL))
          .isInstanceOf(ResourceException.class)
          .hasMessageStartingWith("Cannot train 3 workers at once: local[2] has 2 slots; give");
    }
  }

  @Test
  void showsTheArithmeticOfMemoryThatIsMissing() {
    try (JavaSparkContext spark = start(Preflight.GANG, "false")) {
      // Slices of a gibibyte: four of them for each of two slots are more than a test has.
      assertThatThrownBy(() -> Preflight.check(spark, 2, new ParameterSlices(1L << 30, 1, 1 << 28)))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("2 slots x (2 workers + 2) x 1,024 MiB a slice = 8,192 MiB");
      assertThatThrownBy(() -> Preflight.check(spark, 2, new ParameterSlices(1L << 30, 1, 1 << 20)))
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining(
              "2 slots x 3 vectors (parameters, gradients, momentum) x 4,096 MiB");
    }
  }

  @Test
  void roundsShowInSparksMetrics() {
    try (JavaSparkContext spark = start("spark.plugins", TrainingPlugin.class.getName())) {
      TrainingPlugin.publish(
          new RoundMetrics(
              7, 2, 70, 640, 4480, 0.5, 0.75, 0.01, 320, 9, 11, 0.02, PhaseSeconds.ZERO));
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
