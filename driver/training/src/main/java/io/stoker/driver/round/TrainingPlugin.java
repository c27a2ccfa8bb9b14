// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Publishes the last round through Spark's own metrics, for whatever sinks the cluster has (JMX,
 * Prometheus, Graphite): {@code --conf spark.plugins=io.stoker.driver.round.TrainingPlugin}. Before
 * the first round every gauge is NaN.
 */
public final class TrainingPlugin implements SparkPlugin {
  private static final AtomicReference<Optional<RoundMetrics>> LAST =
      new AtomicReference<>(Optional.empty());

  private static final Map<String, RoundNumber> GAUGES =
      Map.of(
          "round", RoundNumber.ROUND,
          "epoch", RoundNumber.EPOCH,
          "loss", RoundNumber.LOSS,
          "accuracy", RoundNumber.ACCURACY,
          "learning_rate", RoundNumber.LR,
          "images_per_second", RoundNumber.IMAGES_PER_SECOND,
          "round_seconds", RoundNumber.TOTAL,
          "averaging_seconds", RoundNumber.AVERAGE,
          "driver_bytes", RoundNumber.DRIVER_BYTES,
          "executor_bytes", RoundNumber.EXECUTOR_BYTES);

  /** Publishes each round of a job. */
  static RoundListener listener() {
    return new RoundListener() {
      @Override
      public void roundFinished(RoundMetrics metrics) {
        publish(metrics);
      }
    };
  }

  /** Makes a round the last one. */
  public static void publish(RoundMetrics round) {
    LAST.set(Optional.of(round));
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new Publishing();
  }

  /** None, because the round's metrics contain those of executors. */
  @Override
  public ExecutorPlugin executorPlugin() {
    return null;
  }

  private static final class Publishing implements DriverPlugin {
    @Override
    public Map<String, String> init(SparkContext spark, PluginContext context) {
      LAST.set(Optional.empty());
      return Map.of();
    }

    @Override
    public void registerMetrics(String application, PluginContext context) {
      MetricRegistry registry = context.metricRegistry();
      GAUGES.forEach(
          (name, number) ->
              registry.register(
                  name,
                  (Gauge<Double>)
                      () -> LAST.get().map(round -> round.get(number)).orElse(Double.NaN)));
    }
  }
}
