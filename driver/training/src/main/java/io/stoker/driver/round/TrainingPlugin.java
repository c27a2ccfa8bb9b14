// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import io.stoker.driver.metrics.RoundMetrics;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToDoubleFunction;
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

  private static final Map<String, ToDoubleFunction<RoundMetrics>> GAUGES =
      Map.of(
          "round", RoundMetrics::round,
          "epoch", RoundMetrics::epoch,
          "loss", RoundMetrics::loss,
          "accuracy", RoundMetrics::accuracy,
          "learning_rate", RoundMetrics::lr,
          "images_per_second", RoundMetrics::imagesPerSecond,
          "round_seconds", round -> round.seconds().total(),
          "averaging_seconds", round -> round.seconds().average(),
          "driver_bytes", RoundMetrics::driverBytes,
          "executor_bytes", RoundMetrics::executorBytes);

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
  static void publish(RoundMetrics round) {
    LAST.set(Optional.of(round));
  }

  @Override
  public DriverPlugin driverPlugin() {
    return new Publishing();
  }

  /** None: executors publish nothing, since their part is in the round's metrics. */
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
          (name, value) ->
              registry.register(
                  name,
                  (Gauge<Double>) () -> LAST.get().map(value::applyAsDouble).orElse(Double.NaN)));
    }
  }
}
