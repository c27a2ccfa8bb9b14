// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import static org.assertj.core.api.Assertions.assertThat;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.slice.OuterStep;
import io.stoker.driver.slice.Wire;
import io.stoker.testing.Exact;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.StepSchedule;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import scala.Function1;

/** Stages whose rounds end with three of four workers. */
@Tag("slow")
@Exact
@SuppressWarnings("deprecation") // Scala 2.13 has other names; 2.12 has only these
class QuorumTest extends AveragingJobs {
  private static final int MANY = 12;
  private static final int SLOW = 3;

  /** Worker 3 takes a second for a step; the others take milliseconds. */
  private static final StepSchedule ONE_IS_SLOW =
      step -> {
        if (TaskContext.getPartitionId() == SLOW && step > 1) {
          sleep(1_000);
        }
        return STEADY.at(step);
      };

  /** The tasks that have failed; tasks run in this process. */
  private static final Set<Long> FAILED = ConcurrentHashMap.newKeySet();

  private double quorum = 1;

  @Override
  double quorum() {
    return quorum;
  }

  @BeforeEach
  void endWithThreeOfFour() {
    quorum = 0.75;
    FAILED.clear();
  }

  private static void sleep(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<RoundWork> rounds(StepSchedule schedule) {
    return IntStream.range(0, MANY).<RoundWork>mapToObj(r -> task(r, schedule)).toList();
  }

  private List<RoundWork> replay(List<RoundReport> record) {
    return IntStream.range(0, MANY)
        .mapToObj(round -> PartialWork.of(task(round, STEADY), record.get(round).absent()))
        .toList();
  }

  /** Trains the rounds of a record, in stages of one round or in one stage. */
  private String replayed(String master, List<RoundReport> record, OuterStep outer, Wire wire) {
    quorum = 1;
    List<RoundReport> reports = new ArrayList<>();
    try (JavaSparkContext spark = LocalSpark.start(master);
        SharedParameters parameters = load(spark, outer, wire)) {
      if (!master.equals("local[4]")) {
        replay(record).forEach(work -> reports.add(parameters.advance(work, "a round")));
      } else {
        reports.addAll(parameters.advance(replay(record), "rounds"));
      }
      for (int round = 0; round < MANY; round++) {
        assertThat(reports.get(round).absent()).isEqualTo(record.get(round).absent());
        assertThat(reports.get(round).loss()).isEqualTo(record.get(round).loss());
        assertThat(reports.get(round).examples()).isEqualTo(record.get(round).examples());
      }
      return sha256(parameters);
    }
  }

  @ParameterizedTest
  @EnumSource(Wire.class)
  void roundsEndWithoutASlowWorkerAndTheirRecordGivesTheSameBits(Wire wire) {
    OuterStep outer = new OuterStep(0.8, 0.5, true, List.of());
    List<RoundReport> record;
    String hash;
    double seconds;
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark, outer, wire)) {
      long start = System.nanoTime();
      record = parameters.advance(rounds(ONE_IS_SLOW), "rounds");
      seconds = (System.nanoTime() - start) / 1e9;
      hash = sha256(parameters);
    }

    assertThat(record.get(0).absent()).as("before a time is known").isEmpty();
    assertThat(record.subList(3, MANY))
        .allSatisfy(round -> assertThat(round.absent()).containsExactly(SLOW));
    assertThat(record.get(MANY - 1).workers()).hasSize(3);
    assertThat(seconds).as("with the slow worker it takes 20 s").isLessThan(10);
    assertThat(replayed("local[1]", record, outer, wire)).isEqualTo(hash);
    assertThat(replayed("local[4]", record, outer, wire)).isEqualTo(hash);
  }

  @Test
  void lostRoundsAreTrainedAgainByTheWorkersThatTookPart() {
    List<RoundReport> record;
    String hash;
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      record = new ArrayList<>(parameters.advance(rounds(ONE_IS_SLOW).subList(0, 6), "rounds"));
      loseAll(spark);
      record.addAll(parameters.advance(rounds(ONE_IS_SLOW).subList(6, MANY), "rounds"));
      loseAll(spark);
      hash = sha256(parameters);
    }
    assertThat(record.get(5).absent()).containsExactly(SLOW);
    assertThat(replayed("local[2]", record, OuterStep.PLAIN, Wire.FP32)).isEqualTo(hash);
  }

  /** Its rounds are trained again one by one; those that had ended, by the workers they had. */
  @Test
  void aStageThatIsGivenUpIsTrainedAgainWithTheMembersThatItHad() {
    StepSchedule losing =
        step -> {
          TaskContext task = TaskContext.get();
          boolean late = step >= 14 && task.partitionId() == 1 && task.stageAttemptNumber() == 0;
          if (late && FAILED.isEmpty() && FAILED.add(task.taskAttemptId())) {
            loseBlocks();
            throw new IllegalStateException("an executor is lost");
          }
          return ONE_IS_SLOW.at(step);
        };
    List<RoundReport> record;
    String hash;
    try (LogLines log = LogLines.of(Rendezvous.class);
        JavaSparkContext spark = LocalSpark.start("local[4,5]");
        SharedParameters parameters = load(spark)) {
      record = parameters.advance(rounds(losing), "rounds");
      hash = sha256(parameters);
      assertThat(log.lines()).anyMatch(line -> line.contains("Rounds are trained again"));
    }
    assertThat(record.get(4).absent()).contains(SLOW);
    assertThat(record.get(MANY - 1).absent()).as("in a stage of one round").isEmpty();
    assertThat(replayed("local[3]", record, OuterStep.PLAIN, Wire.FP32)).isEqualTo(hash);
  }

  /** The blocks of the exchange, and the slices before the stage. */
  private static void loseBlocks() {
    BlockManager blocks = SparkEnv.get().blockManager();
    Function1<BlockId, Object> ofRdds = BlockId::isRDD;
    scala.collection.JavaConverters.seqAsJavaList(blocks.getMatchingBlockIds(ofRdds).toSeq())
        .forEach(block -> blocks.removeBlock(block, true));
  }

  @Test
  void aWorkerThatBeginsAgainIsAMemberOfTheRoundsThatItEnds() {
    StepSchedule failing =
        step -> {
          TaskContext task = TaskContext.get();
          boolean late = step >= 8 && task.partitionId() == 1 && task.attemptNumber() < 3;
          if (late && FAILED.add(task.taskAttemptId())) {
            throw new IllegalStateException("a task fails");
          }
          return ONE_IS_SLOW.at(step);
        };
    List<RoundReport> record;
    String hash;
    try (JavaSparkContext spark = LocalSpark.start("local[4,5]");
        SharedParameters parameters = load(spark)) {
      record = parameters.advance(rounds(failing), "rounds");
      hash = sha256(parameters);
    }
    assertThat(FAILED).isNotEmpty();
    assertThat(record.get(MANY - 1).absent()).contains(SLOW);
    assertThat(replayed("local[3]", record, OuterStep.PLAIN, Wire.FP32)).isEqualTo(hash);
  }

  @Test
  void aQuorumWithoutSlowWorkersHasAllOfThemOrItsRecord() {
    List<RoundReport> record;
    String hash;
    try (JavaSparkContext spark = LocalSpark.start("local[4]");
        SharedParameters parameters = load(spark)) {
      record = parameters.advance(rounds(STEADY), "rounds");
      hash = sha256(parameters);
    }
    assertThat(replayed("local[1]", record, OuterStep.PLAIN, Wire.FP32)).isEqualTo(hash);
  }
}
