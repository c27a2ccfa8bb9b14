// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a run in Spark's own pages, interfaces and metrics. */
@Tag("slow")
class OperatorsViewTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final List<RoundMetrics> rounds = new ArrayList<>();

  @Test
  void roundsAreInPrometheusInJmxAndInSparksPages(@TempDir Path folder) throws Exception {
    TinyJob job = TinyJob.in(folder);
    SparkConf conf =
        new SparkConf()
            .setMaster("local[2]")
            .setAppName("test")
            .set("spark.ui.port", "0")
            .set("spark.driver.bindAddress", "127.0.0.1")
            .set("spark.plugins", TrainingPlugin.class.getName())
            .set("spark.metrics.namespace", "stoker")
            .set(
                "spark.metrics.conf.*.sink.prometheusServlet.class",
                "org.apache.spark.metrics.sink.PrometheusServlet")
            .set("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus")
            .set("spark.metrics.conf.*.sink.jmx.class", "org.apache.spark.metrics.sink.JmxSink");
    try (JavaSparkContext spark = new JavaSparkContext(conf)) {
      TrainJob.run(spark, job.config("run").build(), ExistingRun.REFUSE, listener());
      String ui = spark.sc().uiWebUrl().get();
      RoundMetrics last = rounds.get(rounds.size() - 1);

      String prometheus = get(ui + "/metrics/prometheus/");
      assertThat(gauge(prometheus, "loss")).isEqualTo(last.loss());
      assertThat(gauge(prometheus, "images_per_second")).isEqualTo(last.imagesPerSecond());
      assertThat(gauge(prometheus, "round_seconds")).isEqualTo(last.seconds().total());
      assertThat(gauge(prometheus, "averaging_seconds")).isEqualTo(last.seconds().average());
      assertThat(jmx("round")).isEqualTo((double) rounds.size());

      String application = "%s/api/v1/applications/%s".formatted(ui, spark.sc().applicationId());
      JsonNode jobs = new ObjectMapper().readTree(get(application + "/jobs"));
      assertThat(jobs.findValuesAsText("description"))
          .contains("round 1 of 6: train", "round 1 of 6: average", "checkpoint after round 6");
      assertThat(jobs.findValuesAsText("jobGroup")).contains("train run");
      JsonNode stages = new ObjectMapper().readTree(get(application + "/stages"));
      List<String> names = stages.findValuesAsText("name").stream().distinct().toList();
      assertThat(names).contains("round 1 of 6: train", "round 1 of 6: average");
      // Later rounds may share stages.
      assertThat(names.stream().mapToInt(OperatorsViewTest::roundsTrained).sum())
          .as("rounds in %s", names)
          .isEqualTo(rounds.size());
    }
  }

  /** How many rounds a stage of this name trains. */
  private static int roundsTrained(String name) {
    Matcher train = Pattern.compile("round \\d of 6: train(?:, and (\\d) more)?").matcher(name);
    if (!train.matches()) {
      return 0;
    }
    return train.group(1) == null ? 1 : 1 + Integer.parseInt(train.group(1));
  }

  private RoundListener listener() {
    return new RoundListener() {
      @Override
      public void roundFinished(RoundMetrics metrics) {
        rounds.add(metrics);
      }
    };
  }

  private String get(String uri) throws IOException, InterruptedException {
    HttpResponse<String> response =
        client.send(
            HttpRequest.newBuilder(URI.create(uri)).build(), HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).as(uri).isEqualTo(200);
    return response.body();
  }

  private static double gauge(String prometheus, String name) {
    Matcher line =
        Pattern.compile(
                "^metrics_stoker_driver_plugin_io_stoker_driver_round_TrainingPlugin_%s_Value\\{.*} (.*)$"
                    .formatted(name),
                Pattern.MULTILINE)
            .matcher(prometheus);
    assertThat(line.find()).as(name + " in " + prometheus.toLowerCase(Locale.ROOT)).isTrue();
    return Double.parseDouble(line.group(1));
  }

  private static Object jmx(String name) throws Exception {
    MBeanServer server = ManagementFactory.getPlatformMBeanServer();
    ObjectName gauge =
        server
            .queryNames(
                new ObjectName(
                    "metrics:type=gauges,name=stoker.driver.plugin.*TrainingPlugin." + name),
                null)
            .iterator()
            .next();
    return server.getAttribute(gauge, "Value");
  }
}
