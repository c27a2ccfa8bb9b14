// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("slow")
@Exact
class MlflowLogTest {
  private static final Configuration HADOOP = new Configuration();

  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** The rounds of three epochs. */
  private static final Long[] ALL = {1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L};

  private static JavaSparkContext spark;

  @TempDir private Path folder;

  private TinyJob job;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @BeforeEach
  void prepare() {
    job = TinyJob.in(folder);
  }

  @Test
  void logsOptionsRoundsValidationsCheckpointAndReport() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      TrainResult result =
          train(
              job.config("run")
                  .validateEvery(3)
                  .validationSplit("test")
                  .set("mlflow", tracker.uri() + "/")
                  .build());

      assertThat(tracker.runs).hasValue(1);
      assertThat(tracker.params)
          .containsEntry("batch", "16")
          .containsEntry("local_steps", "3")
          .containsEntry("schedule", "{\"type\":\"constant\",\"warm_up_epochs\":0.0}")
          .containsEntry("sampling", "natural")
          .containsEntry("precision", "fp32")
          .containsEntry("metric", "auto")
          .doesNotContainKey("slice_bytes");
      List<RoundMetrics> rounds = rounds("run");
      assertThat(rounds).hasSize(6);
      for (RoundMetrics round : rounds) {
        long step = round.round();
        assertThat(tracker.metrics.get("train/loss")).containsEntry(step, round.loss());
        assertThat(tracker.metrics.get("train/accuracy")).containsEntry(step, round.accuracy());
      }
      for (String metric :
          List.of("accuracy", "balanced_accuracy", "macro_f1", "loss", "calibration_error")) {
        assertThat(tracker.metrics.get("test/" + metric)).as(metric).containsOnlyKeys(3L, 6L);
      }
      TrainResult.Best best = result.best().orElseThrow();
      assertThat(tracker.tags)
          .containsEntry("stoker.best_metric", "test/accuracy")
          .containsEntry("stoker.best_value", "" + best.validation().accuracy())
          .containsEntry("stoker.best_round", "" + best.validation().round())
          .containsEntry("stoker.best_checkpoint", best.checkpoint().replace("file:", ""));
      assertThat(tracker.tags)
          .containsEntry("stoker.checkpoint", result.checkpoint().replace("file:", ""))
          .containsKey("stoker.data_manifest_sha256");
      assertThat(tracker.artifacts.get("report.html"))
          .startsWith("<!doctype html>")
          .contains("\"rounds\":6");
      assertThat(tracker.statuses).containsExactly("FINISHED");
    }
  }

  @Test
  void aResumedTrainingGoesOnWithItsRunAndLogsNoRoundTwice() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      TrainingConfig config =
          job.config("run").checkpointEvery(2).set("mlflow", tracker.uri()).build();
      assertThatThrownBy(() -> train(config, ExistingRun.REFUSE, TinyJob.stoppingAfter(5)))
          .hasMessage("stopped");
      assertThat(tracker.statuses).containsExactly("FAILED");

      train(config.toBuilder().epochs(3).build(), ExistingRun.RESUME, RoundListeners.NONE);

      assertThat(tracker.runs).hasValue(1);
      assertThat(tracker.statuses).containsExactly("FAILED", "RUNNING", "FINISHED");
      assertThat(tracker.metrics.get("train/loss")).hasSize(9);
      assertThat(tracker.params).containsEntry("epochs", "2");
      assertThat(tracker.tags)
          .containsEntry("stoker.resumed_with.epochs", "3")
          .containsEntry("stoker.resumed_from_round", "4");
    }
  }

  @Test
  void aResumedTrainingFirstLogsWhatWasNotLogged() {
    TrainingConfig.Builder config = job.config("run").validateEvery(2).validationSplit("test");
    try (FakeTracker down = new FakeTracker(FakeTracker.Mood.FORBIDDEN)) {
      train(config.set("mlflow", down.uri()).build());
    }
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      train(
          config.epochs(3).set("mlflow", tracker.uri()).build(),
          ExistingRun.RESUME,
          RoundListeners.NONE);

      for (RoundMetrics round : rounds("run")) {
        assertThat(tracker.metrics.get("train/loss"))
            .containsEntry((long) round.round(), round.loss());
      }
      assertThat(tracker.metrics.get("train/loss")).containsOnlyKeys(ALL);
      assertThat(tracker.metrics.get("test/accuracy")).containsKeys(2L, 4L, 6L, 8L);
    }
  }

  @Test
  void aResumedTrainingLogsEachMetricFromWhereItEnded() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      TrainingConfig.Builder config =
          job.config("run").validateEvery(2).validationSplit("test").set("mlflow", tracker.uri());
      train(config.build());
      tracker.metrics.get("train/loss").tailMap(5L).clear();
      tracker.metrics.get("test/accuracy").tailMap(3L).clear();

      train(config.epochs(3).build(), ExistingRun.RESUME, RoundListeners.NONE);

      assertThat(tracker.metrics.get("train/loss")).containsOnlyKeys(ALL);
      assertThat(tracker.metrics.get("train/accuracy")).containsOnlyKeys(ALL);
      assertThat(tracker.metrics.get("test/accuracy")).containsKeys(2L, 4L, 6L, 8L);
      assertThat(tracker.statuses).containsExactly("FINISHED", "RUNNING", "FINISHED");
    }
  }

  @Test
  void aDamagedRecordCostsAnotherRun() throws IOException {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      TrainingConfig config = job.config("run").set("mlflow", tracker.uri()).build();
      train(config);
      Files.writeString(job.run("run").resolve("mlflow.json"), "{\"run_id\": ");
      tracker.metrics.clear();

      train(config.toBuilder().epochs(3).build(), ExistingRun.RESUME, RoundListeners.NONE);

      assertThat(tracker.runs).hasValue(2);
      assertThat(tracker.metrics.get("train/loss")).containsOnlyKeys(ALL);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "WELL")
  void aServerThatFailsCostsOneWarning(FakeTracker.Mood mood) {
    String undisturbed = train(job.config("alone").build()).parametersSha256();
    try (FakeTracker tracker = new FakeTracker(mood);
        LogLines log = LogLines.of(MlflowLog.class)) {
      // Of a server that hangs no answer is late.
      Duration request = mood == FakeTracker.Mood.HANG ? Duration.ofMillis(300) : MINUTE;
      TrainResult result =
          train(
              job.config("run").set("mlflow", tracker.uri()).build(),
              ExistingRun.REFUSE,
              RoundListeners.NONE,
              request);

      assertThat(result.parametersSha256()).isEqualTo(undisturbed);
      assertThat(tracker.requests()).isPositive();
      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARN Cannot log to MLflow at " + tracker.uri())
          .doesNotContain("\u001b");
      assertThat(rounds("run")).hasSize(6);
    }
  }

  @Test
  void aServerThatIsNotThereCostsOneWarning() throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    try (LogLines log = LogLines.of(MlflowLog.class)) {
      train(job.config("run").set("mlflow", "http://127.0.0.1:" + port).build());

      assertThat(log.lines()).singleElement().asString().contains("refused");
    }
  }

  @Test
  void whatFailedFirstIsSentLater() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.ERROR_500).recoveringAfter(1)) {
      train(job.config("run").epochs(30).set("mlflow", tracker.uri()).build());

      assertThat(tracker.metrics.get("train/loss")).hasSize(rounds("run").size());
      assertThat(tracker.statuses).containsExactly("FINISHED");
    }
  }

  @Test
  void anEventThatIsRefusedForGoodKeepsNoOtherFromBeingSent() {
    try (FakeTracker tracker =
            new FakeTracker(FakeTracker.Mood.WELL)
                .refusing(batch -> batch.toString().contains("\"step\":4}"));
        LogLines log = LogLines.of(MlflowLog.class)) {
      train(job.config("run").epochs(3).set("mlflow", tracker.uri()).build());

      assertThat(tracker.metrics.get("train/loss"))
          .containsOnlyKeys(1L, 2L, 3L, 5L, 6L, 7L, 8L, 9L);
      assertThat(tracker.statuses).containsExactly("FINISHED");
      assertThat(log.lines())
          .singleElement()
          .asString()
          .endsWith("refuses 1 of the job's events, which it is not sent again");
    }
  }

  @Test
  void isOffByDefaultAndNoPartOfTheJob() {
    assertThat(MlflowLog.of(job.config("run").build(), ExistingRun.REFUSE, HADOOP)).isEmpty();
    train(job.config("run").build());

    assertThat(job.run("run").resolve("mlflow.json")).doesNotExist();
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      train(
          job.config("run").epochs(3).set("mlflow", tracker.uri()).build(),
          ExistingRun.RESUME,
          RoundListeners.NONE);

      assertThat(tracker.metrics.get("train/loss")).containsOnlyKeys(ALL);
    }
  }

  @Test
  void aFullQueueDropsEventsAndNeverWaits() {
    PendingEvents pending = new PendingEvents(2);
    for (int round = 1; round <= 5; round++) {
      pending.add(Event.ofStart(round));
    }

    assertThat(pending.lost()).isEqualTo(5);
    pending.sent(2);
    assertThat(pending.lost()).isEqualTo(3);
  }

  private TrainResult train(TrainingConfig config) {
    return train(config, ExistingRun.REFUSE, RoundListeners.NONE);
  }

  private TrainResult train(TrainingConfig config, ExistingRun existing, RoundListeners others) {
    return train(config, existing, others, MINUTE);
  }

  private TrainResult train(
      TrainingConfig config, ExistingRun existing, RoundListeners others, Duration request) {
    var log = MlflowLog.of(config, existing, HADOOP, request, MINUTE);
    try {
      RoundListeners listeners =
          log.map(RoundListeners::observing).orElse(RoundListeners.NONE).and(others);
      return TrainJob.run(spark, config, existing, listeners);
    } finally {
      log.ifPresent(MlflowLog::close);
    }
  }

  private List<RoundMetrics> rounds(String run) {
    return MetricsLog.read(new org.apache.hadoop.fs.Path(job.run(run).toUri()), HADOOP);
  }
}
