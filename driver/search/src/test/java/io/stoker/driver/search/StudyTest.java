// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.stoker.base.Sha256;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.config.Recipe;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.search.TrialResult.State;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileUtil;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Exact
@Tag("slow")
class StudyTest {
  private static final TrialOptions JOBS =
      (source, options) -> Recipe.of(source, options, Set.of()).config().build();

  @TempDir private Path folder;

  private StudyPlan plan(boolean hyperband, List<Cost> costs) throws IOException {
    TinyJob job = TinyJob.in(folder);
    // The last model does not exist: a trial with it fails.
    String space =
        """
        {"learning-rate": {"from": 0.001, "to": 0.5, "scale": "log"}, "workers": [1, 2],
         "model": ["M", "M", "none.yaml"], "batch": 16, "epochs": 4}
        """
            .replaceFirst("M", folder.resolve("tiny.yaml").toString())
            .replaceFirst("M", job.normalized());
    return new StudyPlan(
        job.data().toString(),
        "hash",
        "test",
        0,
        (ObjectNode) new ObjectMapper().readTree(space),
        8,
        4,
        2,
        hyperband,
        SelectionMetric.LOG_LOSS,
        costs,
        Sampler.TPE,
        2,
        0);
  }

  private StudyFolder at(String name) {
    return StudyFolder.at(
        new org.apache.hadoop.fs.Path(folder.resolve(name).toUri()), new Configuration());
  }

  private static Standing run(
      String master, StudyFolder study, StudyPlan plan, StudyListener listener) {
    try (JavaSparkContext spark = LocalSpark.start(master)) {
      return new Study(spark, study, plan, JOBS, () -> Slots.now(spark).count(), listener).run();
    }
  }

  /** All but the times. */
  private static List<String> outcomes(Standing standing) {
    return standing.results().stream()
        .map(
            each ->
                String.format(
                    Locale.ROOT,
                    "%d %d %d %s %s %s",
                    each.rung(),
                    each.trial(),
                    each.epochs(),
                    each.state(),
                    each.value(),
                    each.parametersSha256()))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"false, false", "true, false", "false, true"})
  void aStudyThatIsKilledAndResumedOnOtherSlotsHasTheSameWinnerAndBits(
      boolean hyperband, boolean cost) throws IOException {
    StudyPlan plan = plan(hyperband, cost ? List.of(Cost.PARAMETERS) : List.of());
    Standing whole = run("local[1]", at("whole"), plan, (result, standing) -> {});
    AtomicInteger ended = new AtomicInteger();
    StudyListener killing =
        (result, standing) -> {
          if (ended.incrementAndGet() % 5 == 0) {
            throw new IllegalStateException("killed");
          }
        };
    StudyFolder killed = at("killed");
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> run("local[3]", killed, plan, killing)).hasMessage("killed");
    }
    Standing resumed = run("local[2]", killed, killed.plan(), (result, standing) -> {});

    assertThat(outcomes(resumed)).isEqualTo(outcomes(whole));
    assertThat(resumed.options()).isEqualTo(whole.options());
    // Brackets of 3, 3 and 2 trials: in the proportions 4, 3 and 3 of the paper, rounded.
    int expected = hyperband ? (3 + 1) + (3 + 1) + 2 : 8 + 4 + 2;
    assertThat(whole.results()).hasSize(expected).hasSize(whole.expected());
    assertThat(whole.results()).anyMatch(each -> each.state() == State.FAILED);
    assertThat(Standing.of(killed).best()).isEqualTo(resumed.best());

    TrialResult winner = whole.best().orElseThrow();
    assertThat(winner.epochs()).isEqualTo(4);
    assertThat(checkpoints("whole"))
        .contains(winner.trial())
        .hasSizeLessThanOrEqualTo(cost ? whole.front().size() : plan.brackets().size());
    assertThat(checkpoints("killed")).hasSameElementsAs(checkpoints("whole"));
    assertThat(whole.front())
        .extracting(TrialResult::parametersSha256)
        .isEqualTo(resumed.front().stream().map(TrialResult::parametersSha256).toList());
    assertThat(whole.front()).extracting(TrialResult::trial).isSubsetOf(checkpoints("whole"));
    assertThat(Files.readAllLines(folder.resolve("whole/trials.jsonl"))).hasSize(expected);
    assertThat(rows("whole")).isEqualTo(rowsOf(whole));
    ObjectNode again = whole.recipe(winner.trial()).put("data", plan.data());
    TrainingConfig undisturbed =
        JOBS.job("winner", again.put("run", folder.resolve("undisturbed").toString()));
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      assertThat(
              TrainJob.run(spark, undisturbed, ExistingRun.REFUSE, RoundListener.NONE)
                  .parametersSha256())
          .isEqualTo(winner.parametersSha256());
    }
  }

  @Test
  void theMeanOfFoldsDecidesAndDoesNotDependOnSlotsAndKills() throws IOException {
    StudyPlan one = plan(false, List.of());
    String manifest = Sha256.hex(Files.readAllBytes(Path.of(one.data(), "manifest.json")));
    StudyPlan plan =
        new StudyPlan(
            one.data(),
            manifest,
            "validation",
            3,
            one.space().put("model", folder.resolve("tiny.yaml").toString()),
            3,
            2,
            2,
            false,
            SelectionMetric.ACCURACY,
            List.of(),
            Sampler.SOBOL,
            2,
            0);
    Standing whole = run("local[1]", at("whole"), plan, (result, standing) -> {});
    StudyFolder killed = at("killed");
    killBetweenFolds(killed, plan);
    StudyListener killing =
        (result, standing) -> {
          throw new IllegalStateException("killed");
        };
    assertThatThrownBy(() -> run("local[4]", killed, plan, killing)).hasMessage("killed");
    assertThat(outcomes(run("local[2]", killed, killed.plan(), (result, standing) -> {})))
        .isEqualTo(outcomes(whole));

    TrialResult winner = whole.best().orElseThrow();
    ObjectNode recipe =
        whole
            .recipe(winner.trial())
            .put("validate-every", -1)
            .put("validation-split", "validation");
    List<String> hashes = new ArrayList<>();
    double sum = 0;
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      for (int part = 1; part <= 3; part++) {
        recipe.put("data", folder.resolve("whole/folds/" + part).toString());
        recipe.put("run", folder.resolve("undisturbed-" + part).toString());
        var result =
            TrainJob.run(spark, JOBS.job("fold", recipe), ExistingRun.REFUSE, RoundListener.NONE);
        hashes.add(result.parametersSha256());
        var validations =
            RunFolder.at(new org.apache.hadoop.fs.Path(result.run()), new Configuration())
                .validations();
        sum += validations.read().get(1).accuracy();
      }
    }
    assertThat(winner.value()).isEqualTo(sum / 3);
    assertThat(winner.parametersSha256())
        .isEqualTo(Sha256.hex(String.join("\n", hashes).getBytes(StandardCharsets.UTF_8)));
    String last = String.format(Locale.ROOT, "killed/trials/%06d/fold-", winner.trial());
    assertThat(folder.resolve(last + "3/checkpoints")).exists();
    assertThat(checkpointsOfFolds("killed")).isEqualTo(3);
    assertThat(whole.recipe(winner.trial()).has("validation-split")).isFalse();
  }

  /** When the first fold of the first trial has ended, and before its second one begins. */
  private void killBetweenFolds(StudyFolder killed, StudyPlan plan) {
    TrialOptions killing =
        (source, options) -> {
          if (options.path("data").asText().endsWith("folds/2")) {
            throw new IllegalStateException("killed");
          }
          return JOBS.job(source, options);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      Study study = new Study(spark, killed, plan, killing, () -> 1, (result, standing) -> {});
      assertThatThrownBy(study::run).hasMessage("killed");
    }
    assertThat(folder.resolve("killed/trials/000000/fold-1/checkpoints")).exists();
    assertThat(folder.resolve("killed/trials/000000/fold-2")).doesNotExist();
    assertThat(folder.resolve("killed/results")).doesNotExist();
  }

  private long checkpointsOfFolds(String study) throws IOException {
    try (var files = Files.walk(folder.resolve(study + "/trials"), 3)) {
      return files.filter(file -> file.endsWith("checkpoints")).count();
    }
  }

  @Test
  void aFoldThatFailsStopsThoseAfterItAndNoneBeforeIt() {
    FoldResults folds = new FoldResults(3);
    TrialResult failed = TrialResult.failed(7, 0, 1, State.DIVERGED, 1, "NaN");
    folds.add(2, failed);

    assertThat(folds.hasFailedBefore(3, 7)).isTrue();
    assertThat(folds.hasFailedBefore(2, 7)).isFalse();
    assertThat(folds.hasFailedBefore(1, 7)).isFalse();
    assertThat(folds.hasFailedBefore(3, 8)).isFalse();
    folds.add(3, TrialResult.failed(7, 0, 1, State.FAILED, 1, "needless"));
    assertThat(folds.add(1, TrialResult.failed(7, 0, 1, State.DIVERGED, 1, "first")))
        .get()
        .extracting(TrialResult::reason)
        .isEqualTo("first");
  }

  /** On one slot, the first of them ends before the options of the best one are needed again. */
  @Test
  void goesOnWhereTheTrialsBeforeTheBestWereKilled() throws IOException {
    StudyFolder study = at("later");
    StudyPlan plan = plan(false, List.of());
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      Standing whole = new Study(spark, study, plan, JOBS, () -> 2, (result, standing) -> {}).run();
      int best = whole.best().orElseThrow().trial();
      assertThat(best).isGreaterThan(2);
      for (int trial = best - 3; trial < best; trial++) {
        String name = String.format(Locale.ROOT, "%06d", trial);
        Files.delete(folder.resolve("later/results/" + name + "-0.json"));
        Files.deleteIfExists(folder.resolve("later/results/" + name + "-1.json"));
        FileUtil.fullyDelete(folder.resolve("later/trials/" + name).toFile());
      }

      Standing again = new Study(spark, study, plan, JOBS, () -> 1, (result, standing) -> {}).run();

      assertThat(again.best().orElseThrow().trial()).isEqualTo(best);
    }
  }

  /** Spark throws checked exceptions that it does not declare. */
  @Test
  @Timeout(300)
  void endsWhereTheApplicationEnds() throws IOException {
    Thread main = Thread.currentThread();
    TrialOptions ending =
        (source, options) -> {
          if (Thread.currentThread() != main) {
            SparkFailures.rethrow(new SparkException("SparkContext was shut down"));
          }
          return JOBS.job(source, options);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[2]")) {
      Study study =
          new Study(
              spark,
              at("ended"),
              plan(false, List.of()),
              ending,
              () -> 2,
              (result, standing) -> {});

      assertThatThrownBy(study::run).hasMessageContaining("SparkContext was shut down");
    }
  }

  @Test
  @Timeout(300)
  void anInterruptedStudyReturnsWhenItsTrialHasEnded() throws IOException {
    Thread main = Thread.currentThread();
    AtomicBoolean ended = new AtomicBoolean();
    TrialOptions waiting =
        (source, options) -> {
          if (Thread.currentThread() != main) {
            main.interrupt();
            try {
              new CountDownLatch(1).await();
            } catch (InterruptedException e) {
              ended.set(true);
              throw new InputException("a failure that the interrupt has caused", e);
            }
          }
          return JOBS.job(source, options);
        };
    StudyFolder study = at("interrupted");
    StudyPlan plan = plan(false, List.of());
    try (JavaSparkContext spark = LocalSpark.start("local[1]")) {
      Study interrupted = new Study(spark, study, plan, waiting, () -> 1, (result, standing) -> {});

      assertThatThrownBy(interrupted::run)
          .isInstanceOf(ResourceException.class)
          .hasMessageContaining("Interrupted while study");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ended).isTrue();
      assertThat(study.results(plan)).isEmpty(); // The trial is trained when the study is resumed.
    }
  }

  @Test
  void slotsThatComeWhileAStudyRunsAreUsed() throws IOException {
    AtomicInteger slots = new AtomicInteger(1);
    List<Integer> running = new ArrayList<>();
    StudyListener growing =
        (result, standing) -> {
          running.add(standing.running());
          slots.set(4);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[4]")) {
      new Study(spark, at("growing"), plan(false, List.of()), JOBS, slots::get, growing).run();
    }

    assertThat(running.get(0)).isZero(); // No other trial had room next to the first one.
    assertThat(running).anyMatch(count -> count > 0);
  }

  /** As Spark reads them. */
  private List<List<Object>> rows(String study) {
    SparkSession spark =
        SparkSession.builder().master("local[1]").config("spark.ui.enabled", false).getOrCreate();
    try {
      String columns = "trial, rung, state, value, learning_rate, workers, model";
      return spark
          .read()
          .parquet(folder.resolve(study + "/trials.parquet").toUri().toString())
          .selectExpr(columns.split(", "))
          .collectAsList()
          .stream()
          .map(row -> Arrays.asList(IntStream.range(0, 7).mapToObj(row::get).toArray()))
          .toList();
    } finally {
      spark.stop();
    }
  }

  private static List<List<Object>> rowsOf(Standing standing) {
    List<List<Object>> rows = new ArrayList<>();
    for (TrialResult each : standing.results()) {
      ObjectNode options = standing.options().get(each.trial());
      rows.add(
          Arrays.asList(
              each.trial(),
              each.rung(),
              each.state().name().toLowerCase(Locale.ROOT),
              each.state() == State.DONE ? each.value() : null,
              options.path("learning-rate").doubleValue(),
              options.path("workers").doubleValue(),
              options.path("model").textValue()));
    }
    return rows;
  }

  private List<Integer> checkpoints(String study) throws IOException {
    try (var runs = Files.list(folder.resolve(study).resolve("trials"))) {
      return runs.filter(run -> Files.exists(run.resolve("checkpoints")))
          .map(run -> Integer.parseInt(run.getFileName().toString()))
          .toList();
    }
  }
}
