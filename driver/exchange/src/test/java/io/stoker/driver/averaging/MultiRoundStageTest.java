// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;
import static org.assertj.core.api.InstanceOfAssertFactories.STRING;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.ParameterSlices;
import io.stoker.driver.slice.Wire;
import io.stoker.testing.Exact;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.StepSchedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.MapOutputTrackerMaster;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stages of several rounds, whose workers average slices for each other. */
@Tag("slow")
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
@Exact
class MultiRoundStageTest extends AveragingJobs {
  private static final int WORKERS = 4;

  /** Tasks run in this process. */
  private static volatile CountDownLatch firstReport = new CountDownLatch(1);

  @Test
  void aMultiRoundStageGivesTheSameBitsAsSingleRounds() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark);
        SharedParameters oneByOne = load(spark)) {
      List<RoundReport> reports = parameters.advance(rounds(0, STEADY), "rounds");
      List<RoundReport> expected =
          rounds(0, STEADY).stream().map(work -> oneByOne.advance(work, "a round")).toList();

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      assertThat(reports).hasSize(ROUNDS);
      for (int round = 0; round < ROUNDS; round++) {
        RoundReport report = reports.get(round);
        assertThat(report.examples()).isEqualTo(expected.get(round).examples());
        assertThat(report.loss()).isEqualTo(expected.get(round).loss());
        // Slices are added up in another order.
        assertThat(report.drift()).isCloseTo(expected.get(round).drift(), withinPercentage(1e-9));
        assertThat(report.averageSeconds()).isPositive();
        assertThat(report.seconds()).isPositive();
      }
    }
  }

  /** The last round waits for the report of the first one. */
  @Test
  void roundsAreReportedWhileLaterOnesAreTrained() {
    firstReport = new CountDownLatch(1);
    StepSchedule waiting =
        step -> {
          if (step == 5) {
            await(firstReport);
          }
          return STEADY.at(step);
        };
    List<Long> examples = new ArrayList<>();
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(
          rounds(0, waiting),
          "rounds",
          report -> {
            examples.add(report.examples());
            firstReport.countDown();
          });

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
    assertThat(examples).containsExactly(128L, 128L, 15L, 128L);
  }

  private static void await(CountDownLatch latch) {
    try {
      if (!latch.await(1, TimeUnit.MINUTES)) {
        throw new IllegalStateException("no report");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anExceptionOfWhatTakesTheReportsIsThrownWhenTheStageHasEnded() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      assertThatThrownBy(
              () ->
                  parameters.advance(
                      rounds(0, STEADY),
                      "rounds",
                      report -> {
                        throw new IllegalStateException("stopped");
                      }))
          .hasMessage("stopped");
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void outerMomentumMovingAverageAndRoundedChangesGiveTheSameBitsInMultiRoundStages(Wire wire) {
    OuterStep outer = new OuterStep(0.8, 0.5, true, List.of());
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && task.partitionId() == 2 && step == 3) {
            throw new IllegalStateException("a task fails once");
          }
          return STEADY.at(step);
        };
    try (LogLines log = LogLines.of(Rendezvous.class);
        JavaSparkContext spark = LocalSpark.start("local[4,3]");
        SharedParameters parameters = load(spark, outer, wire);
        SharedParameters oneByOne = load(spark, outer, wire)) {
      parameters.advance(rounds(0, failing), "rounds");
      rounds(0, STEADY).forEach(work -> oneByOne.advance(work, "a round"));

      assertThat(sha256(parameters)).isEqualTo(sha256(oneByOne)).isNotEqualTo(undisturbed);
      assertThat(log.lines()).as("stages that were aborted").isEmpty();
      loseAll(spark);
      assertThat(sha256(parameters)).isEqualTo(sha256(oneByOne));
    }
  }

  /** No executor holds the slices with which a task could begin again. */
  @Test
  void roundsOfAStageWhoseResultsAreLostAreTrainedAgainToTheSameBits() {
    try (LogLines log = LogLines.of(Rendezvous.class);
        JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(rounds(0, STEADY), "rounds");
      awaitBlocks(2L * new ParameterSlices(MODEL.parameterCount(), 2, sliceLength()).count());
      loseAll(spark);

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      assertThat(log.lines()).isNotEmpty().noneMatch(line -> line.contains("have waited"));
    }
  }

  /** Each at another step, so that some are ahead of others. */
  @Test
  void workersThatBeginAgainOneAfterTheOtherGiveTheSameBits() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() < 2 && step == 2 * task.partitionId() + task.attemptNumber()) {
            throw new IllegalStateException("a task fails twice");
          }
          return STEADY.at(step);
        };
    try (LogLines log = LogLines.of(Rendezvous.class);
        JavaSparkContext spark = LocalSpark.start("local[4,4]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(rounds(0, failing), "rounds");

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      assertThat(log.lines()).isEmpty();
    }
  }

  @Test
  void stagesOfOneAndOfSeveralRoundsGiveTheSameBits() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      parameters.advance(task(0, STEADY), "a round");
      parameters.advance(List.of(task(1, STEADY), task(2, STEADY)), "rounds");
      loseAll(spark);
      parameters.advance(task(3, STEADY), "a round");

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
    }
  }

  /** It begins with a round for which the slices are still there; the other workers wait for it. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3, 6})
  void aWorkerThatBeginsAgainInAMultiRoundStageGivesTheSameBits(int failingStep) {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && task.partitionId() == 2 && step == failingStep) {
            throw new IllegalStateException("a task fails once");
          }
          return STEADY.at(step);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[4,3]");
        SharedParameters parameters = load(spark)) {
      Stages stages = Stages.of(spark);
      parameters.advance(rounds(0, failing), "rounds");

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      stages.await(spark);
      assertThat(stages.tasksOfTrain.get()).isEqualTo(WORKERS + 1);
    }
  }

  /** The slices with which the last round began are still there. */
  @Test
  void aLostLastPieceIsComputedAgainByOneWorker() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      Stages stages = Stages.of(spark);
      parameters.advance(rounds(0, STEADY), "rounds");
      stages.await(spark);
      int tasks = stages.tasksOfTrain.get();
      forgetPieceOf(1);
      spark.getPersistentRDDs().entrySet().stream()
          .max(Map.Entry.comparingByKey())
          .orElseThrow()
          .getValue()
          .unpersist(true);

      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      stages.await(spark);
      assertThat(stages.tasksOfTrain.get()).isEqualTo(tasks + 1);
    }
  }

  private static void forgetPieceOf(int worker) {
    MapOutputTrackerMaster tracker = (MapOutputTrackerMaster) SparkEnv.get().mapOutputTracker();
    int shuffle =
        scala.collection.JavaConverters.mapAsJavaMap(tracker.shuffleStatuses()).keySet().stream()
            .mapToInt(id -> (int) id)
            .max()
            .orElseThrow();
    tracker.unregisterMapOutput(shuffle, worker, SparkEnv.get().blockManager().blockManagerId());
  }

  /** Two of four workers have no slot, and the others wait for them in vain. */
  @Test
  void workersWithoutSlotsHaveTheirRoundsTrainedOneByOneToTheSameBits() {
    StageRules.Patience patience =
        new StageRules.Patience(Duration.ofDays(1), Duration.ofMillis(1));
    try (JavaSparkContext spark = LocalSpark.start("local[2]");
        SharedParameters parameters = load(spark, patience)) {
      Stages stages = Stages.of(spark);
      List<RoundReport> reports = parameters.advance(rounds(0, STEADY), "rounds");

      assertThat(reports).hasSize(ROUNDS);
      assertThat(sha256(parameters)).isEqualTo(undisturbed);
      assertThat(parameters.roundsPerStage(2, 5)).isEqualTo(1);
      stages.await(spark);
      assertThat(stages.train.get()).isEqualTo(1 + ROUNDS);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "local[4], a, b, 3",
    "local[3], a, b, 1",
    "local[4], spark.speculation, true, 3",
    "local[4], spark.dynamicAllocation.enabled, true, 3",
    "local[4], spark.shuffle.service.enabled, true, 3"
  })
  void stagesHoldSeveralRoundsOnlyIfAllWorkersRunAtTheSameTime(
      String master, String key, String value, int expected) {
    try (JavaSparkContext spark = LocalSpark.start(master, Map.of(key, value));
        SharedParameters parameters = load(spark)) {
      assertThat(parameters.roundsPerStage(WORKERS, 3))
          .as("before it is known how long one is")
          .isOne();
      parameters.advance(task(0, STEADY), "a round");
      parameters.advance(task(1, STEADY), "a round");

      assertThat(parameters.roundsPerStage(WORKERS, 3)).isEqualTo(expected);
    }
  }

  @Test
  void aHeapThatIsTooSmallForSeveralRoundsIsNamedOnce() {
    int many = 256;
    try (JavaSparkContext spark = LocalSpark.start("local[" + many + "]");
        SharedParameters parameters = load(spark);
        LogLines log = LogLines.of(RoundTrainer.class)) {
      parameters.advance(task(0, STEADY), "a round");
      parameters.advance(task(1, STEADY), "a round");

      assertThat(parameters.roundsPerStage(WORKERS, 3)).isEqualTo(3);
      assertThat(log.lines()).isEmpty();
      assertThat(parameters.roundsPerStage(many, 3)).isOne();
      assertThat(parameters.roundsPerStage(many, 3)).isOne();
      assertThat(log.lines())
          .singleElement(STRING)
          .startsWith("WARN Each round of 256 workers is a stage of its own")
          .contains(": 256 on an executor take a heap of")
          .endsWith("(--driver-memory)");
    }
  }

  @Test
  void stagesHoldSeveralRoundsWhereWorkersSendChanges() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark, Wire.FP16)) {
      parameters.advance(task(0, STEADY), "a round");
      parameters.advance(task(1, STEADY), "a round");

      assertThat(parameters.roundsPerStage(WORKERS, 3)).isEqualTo(3);
    }
  }

  /** The averages stay, and the slices with which the last round began. */
  @Test
  void exchangedBlocksAreDeleted() {
    int slices = new ParameterSlices(MODEL.parameterCount(), 2, sliceLength()).count();
    try (JavaSparkContext spark = LocalSpark.start("local[4]")) {
      try (SharedParameters parameters = load(spark)) {
        parameters.advance(rounds(0, STEADY), "rounds");
        awaitBlocks(2L * slices);
      }
      assertThat(blocks()).isZero();
    }
  }

  private static void awaitBlocks(long count) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (blocks() != count && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(blocks()).isEqualTo(count);
  }

  private static long blocks() {
    return scala.collection.JavaConverters.asJavaCollection(
            SparkEnv.get().blockManager().getMatchingBlockIds(new OfRdds()))
        .size();
  }

  private static final class OfRdds
      extends scala.runtime.AbstractFunction1<org.apache.spark.storage.BlockId, Object> {
    @Override
    public Object apply(org.apache.spark.storage.BlockId block) {
      return block.isRDD();
    }
  }

  private List<RoundWork> rounds(int from, StepSchedule schedule) {
    return IntStream.range(from, ROUNDS).<RoundWork>mapToObj(r -> task(r, schedule)).toList();
  }

  /** Counts train stages, and their tasks. */
  private static final class Stages extends SparkListener {
    private final AtomicInteger train = new AtomicInteger();
    private final AtomicInteger tasksOfTrain = new AtomicInteger();
    private final java.util.Set<Integer> numbers =
        java.util.concurrent.ConcurrentHashMap.newKeySet();

    static Stages of(JavaSparkContext spark) {
      Stages stages = new Stages();
      spark.sc().addSparkListener(stages);
      return stages;
    }

    void await(JavaSparkContext spark) {
      try {
        spark.sc().listenerBus().waitUntilEmpty(60_000);
      } catch (Exception e) { // a timeout, which Scala does not declare
        throw new IllegalStateException(e);
      }
    }

    @Override
    public void onStageSubmitted(SparkListenerStageSubmitted event) {
      if (event.stageInfo().name().contains("train")) {
        train.incrementAndGet();
        numbers.add(event.stageInfo().stageId());
      }
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart event) {
      if (numbers.contains(event.stageId())) {
        tasksOfTrain.incrementAndGet();
      }
    }
  }
}
