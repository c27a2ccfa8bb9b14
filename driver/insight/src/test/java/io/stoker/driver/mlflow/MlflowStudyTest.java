// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.RunWatches;
import io.stoker.driver.round.StudyWatch;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.WatchedRun;
import io.stoker.driver.round.WatchedStudy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 5, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@Tag("slow")
class MlflowStudyTest {
  private static final Configuration HADOOP = new Configuration();

  private static JavaSparkContext spark;

  @TempDir private Path folder;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  /** Two trials; the second one is resumed for another epoch. */
  private void study(String tracker) {
    TinyJob job = TinyJob.in(folder);
    folder.resolve("study").toFile().mkdirs();
    try (StudyWatch study =
        RunWatches.start(
            new WatchedStudy(
                tracker,
                new org.apache.hadoop.fs.Path("file:" + folder.resolve("study")),
                Map.of("trials", "2", "sampler", "sobol"),
                HADOOP))) {
      for (int trial = 0; trial < 2; trial++) {
        String run = "file:" + folder.resolve("study/trials/00000" + trial);
        TrainingConfig config = job.config("unused").run(run).epochs(1).build();
        train(study, config, ExistingRun.REFUSE);
        study.progressed(
            trial + 1,
            Map.of("best/accuracy", 0.5 + trial),
            Map.of("stoker.best_trial", "" + trial));
        if (trial == 1) {
          train(study, config.toBuilder().epochs(2).build(), ExistingRun.RESUME);
        }
      }
      study.ended();
    }
  }

  private static void train(StudyWatch study, TrainingConfig config, ExistingRun existing) {
    try (RunWatch shown = study.watch(new WatchedRun(config, existing, Optional.empty(), HADOOP))) {
      TrainJob.run(spark, config, existing, RoundListeners.observing(shown));
    }
  }

  @Test
  void theRunsOfTrialsAreBelowThatOfTheStudy() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.WELL)) {
      study(tracker.uri());

      assertThat(tracker.created)
          .extracting(run -> run.get("run_name").asText())
          .containsExactly("study", "trials/000000", "trials/000001");
      assertThat(tracker.created)
          .extracting(MlflowStudyTest::parent)
          .containsExactly("", "run1", "run1");
      assertThat(tracker.params)
          .containsOnly(Map.entry("trials", "2"), Map.entry("sampler", "sobol"));
      assertThat(tracker.metrics.get("best/accuracy")).isEqualTo(Map.of(1L, 0.5, 2L, 1.5));
      assertThat(tracker.tags).containsEntry("stoker.best_trial", "1").containsKey("stoker.study");
      assertThat(steps(tracker.children.get("run2"))).containsExactly(1L, 2L, 3L);
      assertThat(steps(tracker.children.get("run3"))).containsExactly(1L, 2L, 3L, 4L, 5L, 6L);
      assertThat(tracker.children.get("run3").toString()).contains("batch");
      assertThat(tracker.statuses)
          .containsExactlyInAnyOrder("FINISHED", "FINISHED", "RUNNING", "FINISHED", "FINISHED");
    }
  }

  private static String parent(JsonNode request) {
    for (JsonNode tag : request.get("tags")) {
      if (tag.get("key").asText().equals("mlflow.parentRunId")) {
        return tag.get("value").asText();
      }
    }
    return "";
  }

  private static List<Long> steps(List<JsonNode> batches) {
    return batches.stream()
        .flatMap(batch -> batch.findParents("step").stream())
        .filter(metric -> metric.get("key").asText().equals("train/loss"))
        .map(metric -> metric.get("step").asLong())
        .distinct() // The fake forgets what a child has, and so gets it again.
        .toList();
  }

  @Test
  void aServerThatFailsCostsTheStudyOneWarning() {
    try (FakeTracker tracker = new FakeTracker(FakeTracker.Mood.DROP);
        LogLines log = LogLines.of(MlflowLog.class)) {
      study(tracker.uri());

      assertThat(log.lines())
          .singleElement()
          .asString()
          .startsWith("WARN Cannot log to MLflow at " + tracker.uri());
    }
  }
}
