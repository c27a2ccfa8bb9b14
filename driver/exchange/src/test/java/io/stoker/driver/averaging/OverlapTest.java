// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.slice.OuterStep;
import io.stoker.failure.ResourceException;
import io.stoker.testing.Exact;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.StepSchedule;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rounds that overlap, also with tasks that fail, lost slices and too few slots. */
@Tag("slow")
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
@Exact
class OverlapTest extends AveragingJobs {
  private static final int WORKERS = 4;

  /** How many tasks have failed; tasks run in this process. */
  private static final AtomicInteger FAILED = new AtomicInteger();

  /** The hash of two groups that nothing disturbs. */
  private String steady;

  @BeforeAll
  void trainSteady() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]")) {
      steady = trainGroups(spark, STEADY);
    }
    assertThat(steady).isNotEqualTo(undisturbed);
  }

  private String trainGroups(JavaSparkContext spark, StepSchedule schedule) {
    return trainGroups(spark, schedule, StageRules.Patience.USUAL);
  }

  private String trainGroups(
      JavaSparkContext spark, StepSchedule schedule, StageRules.Patience patience) {
    try (SharedParameters parameters = loadOverlapping(spark, OuterStep.PLAIN, patience)) {
      List<RoundReport> reports = new ArrayList<>();
      parameters.advance(rounds(0, 3, schedule), "rounds", reports::add);
      parameters.advance(rounds(3, 6, schedule), "rounds", reports::add);

      assertThat(reports)
          .extracting(RoundReport::examples)
          .containsExactly(128L, 128L, 15L, 128L, 128L, 15L);
      assertThat(reports).allSatisfy(report -> assertThat(report.workers()).hasSize(WORKERS));
      assertThat(reports).allSatisfy(report -> assertThat(report.loss()).isPositive());
      return sha256(parameters);
    }
  }

  private List<RoundWork> rounds(int from, int to, StepSchedule schedule) {
    return IntStream.range(from, to).<RoundWork>mapToObj(r -> task(r, schedule)).toList();
  }

  @Test
  void parametersDoNotDependOnTheNumberOfSlots() {
    try (JavaSparkContext spark = LocalSpark.start("local[8]")) {
      assertThat(trainGroups(spark, STEADY)).isEqualTo(steady);
    }
  }

  @Test
  void fewerSlotsThanWorkersEndTheJobWithOneLine() {
    try (JavaSparkContext spark = LocalSpark.start("local[3]")) {
      assertThatThrownBy(() -> trainGroups(spark, STEADY))
          .isInstanceOf(ResourceException.class)
          .hasMessage(
              "Cannot train 4 workers at once: local[3] has 3 slots; go on with --resume when it"
                  + " has slots again, or have the job wait longer with spark.stoker.gangSeconds");
    }
  }

  /** The stage fails, and another one trains its rounds. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void aWorkerThatBeginsAgainGivesTheSameBits(int failingStep) {
    FAILED.set(0);
    StepSchedule failing =
        step -> {
          if (TaskContext.get().partitionId() == 2
              && step == failingStep
              && FAILED.compareAndSet(0, 1)) {
            throw new IllegalStateException("a task fails once");
          }
          return STEADY.at(step);
        };
    try (LogLines log = LogLines.of(RoundTrainer.class);
        JavaSparkContext spark = LocalSpark.start("local[4,3]")) {
      assertThat(trainGroups(spark, failing)).isEqualTo(steady);
      assertThat(log.lines()).isEmpty();
    }
  }

  @Test
  void workersThatFailInEachAttemptEndTheJobWithOneLine() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          if (task.attemptNumber() == 0 && task.partitionId() == step % WORKERS) {
            throw new IllegalStateException("a task fails once in each stage");
          }
          return STEADY.at(step);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[4,3]")) {
      assertThatThrownBy(() -> trainGroups(spark, failing))
          .isInstanceOf(ResourceException.class)
          .hasMessageStartingWith("A round could not be trained in 6 attempts: Worker ")
          .hasMessageContaining("began again while rounds overlap; look at the logs");
    }
  }

  @Test
  void anErrorOfAWorkerEndsTheJobWithItsCause() {
    StepSchedule failing =
        step -> {
          if (step == 3 && TaskContext.get().partitionId() == 1) {
            throw new IllegalStateException("a broken step");
          }
          return STEADY.at(step);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[4]")) {
      assertThatThrownBy(() -> trainGroups(spark, failing))
          .hasStackTraceContaining("a broken step");
    }
  }

  /** One worker is so late that the others stop waiting. */
  @Test
  void workersThatWaitTooLongHaveTheirRoundsTrainedAgainToTheSameBits() {
    FAILED.set(0);
    StageRules.Patience patience =
        new StageRules.Patience(Duration.ofSeconds(3), Duration.ofSeconds(3));
    StepSchedule late =
        step -> {
          if (step == 2 && TaskContext.get().partitionId() == 0 && FAILED.incrementAndGet() <= 1) {
            awaitAborted();
          }
          return STEADY.at(step);
        };
    try (LogLines log = LogLines.of(Rendezvous.class);
        JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = loadOverlapping(spark, OuterStep.PLAIN, patience)) {
      abortedStages = log;
      parameters.advance(List.of(task(0, STEADY)), "a round"); // It is known how long one takes.
      parameters.advance(rounds(1, 3, late), "rounds");
      String trained = sha256(parameters);
      try (SharedParameters usual =
          loadOverlapping(spark, OuterStep.PLAIN, StageRules.Patience.USUAL)) {
        usual.advance(List.of(task(0, STEADY)), "a round");
        usual.advance(rounds(1, 3, STEADY), "rounds");
        assertThat(trained).isEqualTo(sha256(usual));
      }
    }
  }

  private static volatile LogLines abortedStages;

  private static void awaitAborted() {
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
    while (abortedStages.lines().isEmpty() && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void groupsAreTrainedAgainWhenAllSlicesAndPiecesAreLost() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters =
            loadOverlapping(spark, OuterStep.PLAIN, StageRules.Patience.USUAL)) {
      parameters.advance(rounds(0, 3, STEADY), "rounds");
      awaitReleased(spark, 2);
      loseAll(spark);
      parameters.advance(rounds(3, 6, STEADY), "rounds");
      awaitReleased(spark, 2);
      loseAll(spark);

      assertThat(sha256(parameters)).isEqualTo(steady);
    }
  }

  /** How often slices and pieces are still to be lost, and where. */
  private static final AtomicInteger losses = new AtomicInteger();

  private static volatile JavaSparkContext losingSpark;

  /** At the first step of the second group each worker has its slices, and reads no pieces. */
  private static final CyclicBarrier SECOND_GROUP = new CyclicBarrier(WORKERS);

  /** The slices of the replayed group are lost while the next one is trained. */
  @Test
  void groupsThatWereTrainedAgainAreTrainedOnceMoreIfTheirResultsAreLostToo() {
    StepSchedule losing =
        step -> {
          if (step == 5) {
            awaitAllIn(SECOND_GROUP);
            if (TaskContext.get().partitionId() == 0 && losses.getAndDecrement() > 0) {
              loseAll(losingSpark);
              throw new LostSliceException(0);
            }
          }
          return STEADY.at(step);
        };
    losses.set(2);
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters =
            loadOverlapping(spark, OuterStep.PLAIN, StageRules.Patience.USUAL)) {
      losingSpark = spark;
      parameters.advance(rounds(0, 3, STEADY), "rounds");
      parameters.advance(rounds(3, 6, losing), "rounds");

      assertThat(sha256(parameters)).isEqualTo(steady);
    }
    assertThat(losses.get()).isNegative();
  }

  private static void awaitAllIn(CyclicBarrier workers) {
    try {
      workers.await(1, TimeUnit.MINUTES);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Which group took a step, in their order. */
  private static final Queue<String> STEPS = new ConcurrentLinkedQueue<>();

  private static final AtomicInteger LOST = new AtomicInteger();

  private static volatile CountDownLatch secondGroup;

  /** A checkpoint that was lost has its group trained again while the next one is trained. */
  @Test
  void aGroupThatIsTrainedAgainForASnapshotWaitsForTheOneThatIsTrained() throws Exception {
    StepSchedule first =
        step -> {
          STEPS.add("first");
          return STEADY.at(step);
        };
    StepSchedule second =
        step -> {
          STEPS.add("second");
          if (LOST.compareAndSet(2, 1)) {
            secondGroup.countDown();
            awaitFirstGroup();
          }
          return STEADY.at(step);
        };
    try (JavaSparkContext spark = LocalSpark.start("local[8]"); // enough for both
        SharedParameters parameters =
            loadOverlapping(spark, OuterStep.PLAIN, StageRules.Patience.USUAL)) {
      parameters.advance(rounds(0, 3, first), "rounds");
      try (SharedParameters.Snapshot snapshot = parameters.snapshot()) {
        byte[] then =
            snapshot.onOneExecutor("all", (slices, contents, hadoop) -> all(slices, contents));
        STEPS.clear();
        secondGroup = new CountDownLatch(1);
        LOST.set(2);
        CompletableFuture<byte[]> again =
            CompletableFuture.supplyAsync(
                () -> {
                  awaitSecondGroup();
                  return snapshot.onOneExecutor(
                      "a checkpoint",
                      (slices, contents, hadoop) -> {
                        if (LOST.compareAndSet(1, 0)) {
                          throw new LostSliceException(0);
                        }
                        return all(slices, contents);
                      });
                });
        parameters.advance(rounds(3, 6, second), "rounds");
        assertThat(again.get(5, TimeUnit.MINUTES)).isEqualTo(then);
      }
      assertThat(sha256(parameters)).isEqualTo(steady);
    }
    List<String> steps = List.copyOf(STEPS);
    assertThat(steps).contains("first", "second");
    assertThat(steps.lastIndexOf("second")).isLessThan(steps.indexOf("first"));
  }

  private static void awaitSecondGroup() {
    try {
      secondGroup.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Gives the other group the time to begin, if it does not wait. */
  private static void awaitFirstGroup() {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
    while (!STEPS.contains("first") && System.nanoTime() < end) {
      Thread.onSpinWait();
    }
  }

  @Test
  void lostSlicesAreAveragedAgainFromTheirPieces() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters =
            loadOverlapping(spark, OuterStep.PLAIN, StageRules.Patience.USUAL)) {
      parameters.advance(rounds(0, 3, STEADY), "rounds");
      awaitReleased(spark, 2);
      spark.getPersistentRDDs().values().forEach(rdd -> rdd.unpersist(true));
      parameters.advance(rounds(3, 6, STEADY), "rounds");

      assertThat(sha256(parameters)).isEqualTo(steady);
    }
  }

  @Test
  void blocksAreDeleted() {
    try (JavaSparkContext spark = LocalSpark.start("local[4]")) {
      trainGroups(spark, STEADY);
      assertThat(spark.getPersistentRDDs()).isEmpty();
      assertThat(
              scala.collection.JavaConverters.asJavaCollection(
                  SparkEnv.get().blockManager().getMatchingBlockIds(new OfRdds())))
          .isEmpty();
      assertThat(Thread.getAllStackTraces().keySet())
          .extracting(Thread::getName)
          .noneMatch(name -> name.startsWith("stoker-exchange"));
    }
  }

  private static final class OfRdds
      extends scala.runtime.AbstractFunction1<org.apache.spark.storage.BlockId, Object> {
    @Override
    public Object apply(org.apache.spark.storage.BlockId block) {
      return block.isRDD();
    }
  }
}
