// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.BlockCleaner;
import io.stoker.worker.runtime.RoundWork;
import java.util.List;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains rounds on the executors, and trains them again where that fails since slices are lost or
 * workers wait in vain. It owns the slices until {@link #close}, and the rendezvous of its stages.
 */
final class RoundTrainer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoundTrainer.class);

  /** How often rounds that overlap are trained in one stage before each has a stage. */
  private static final int GROUP_ATTEMPTS = 3;

  private final JavaSparkContext spark;
  private final Broadcast<SerializableConfiguration> hadoop;
  private final SliceAverage average;
  private final SliceSource frozen;
  private final Rendezvous.Patience patience;
  private final BlockCleaner cleaner;
  private final RoundsPerStage roundsPerStage;
  private final StageRunner stages;
  private final SliceGenerations slices;
  private RoundHistory history;
  private boolean hasWarned;

  /**
   * Loads slices onto the executors.
   *
   * @param spark the cluster
   * @param hadoop with which tasks reach files
   * @param average how pieces are averaged
   * @param source where the slices come from
   * @param frozen where the parameters come from that are in no slice
   * @param patience how long workers of a multi-round stage wait for each other
   * @param cleaner deletes what is not needed any more
   */
  RoundTrainer(
      JavaSparkContext spark,
      Broadcast<SerializableConfiguration> hadoop,
      SliceAverage average,
      SliceSource source,
      SliceSource frozen,
      Rendezvous.Patience patience,
      BlockCleaner cleaner) {
    this.spark = spark;
    this.hadoop = hadoop;
    this.average = average;
    this.frozen = frozen;
    this.patience = patience;
    this.cleaner = cleaner;
    this.roundsPerStage = new RoundsPerStage(spark.getConf());
    this.history = RoundHistory.of(source);
    this.stages = new StageRunner(spark, average, frozen, patience, roundsPerStage);
    this.slices =
        new SliceGenerations(SliceRdd.from(spark.sc(), average.slices(), source, hadoop), cleaner);
    try {
      slices.current().persist(StorageLevel.MEMORY_AND_DISK());
      slices.current().materialize();
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  SliceGenerations slices() {
    return slices;
  }

  /** The rounds from which the current slices can be computed again. */
  RoundHistory history() {
    return history;
  }

  /** Begins the history with slices that are in a checkpoint. */
  void shortenHistory(SliceSource written, long length) {
    history = history.since(written, length);
  }

  /** How many tasks the cluster can run at the same time now. */
  int slots() {
    return stages.slots();
  }

  /** How many of the coming rounds one stage may hold, if they do not overlap. */
  int roundsPerStage(int workers, int most) {
    int rounds = roundsPerStage.next(Math.min(most, mostNumbered(workers)));
    return rounds > 1 && stages.canExchange(workers) ? rounds : 1;
  }

  /** How many rounds a stage may hold before the numbers of its blocks are used up. */
  private int mostNumbered(int workers) {
    return StageBlocks.mostRounds(average.slices().count(), workers);
  }

  /**
   * Trains consecutive rounds, see {@link SharedParameters#advance(List, String, Consumer)}.
   *
   * @param finished receives the report of each round once, in their order
   */
  void advance(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    ReportsOnce reports = new ReportsOnce(finished);
    long start = System.nanoTime();
    if (rounds.size() == 1) {
      advanceOne(rounds.get(0), name, start, reports.fromFirst());
    } else if (average.overlaps()) {
      advanceGroup(rounds, name, start, reports);
    } else {
      advanceTogether(rounds, name, start, reports);
    }
  }

  /** Trains rounds in one stage or, if that fails, in a stage each. */
  private void advanceTogether(
      List<RoundWork> rounds, String name, long start, ReportsOnce reports) {
    try {
      complete(rounds, name, start, reports.fromFirst());
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      roundsPerStage.failed();
      Consumer<RoundReport> again = reports.fromFirst();
      advanceOne(rounds.get(0), name, start, again);
      rounds.stream().skip(1).forEach(each -> advanceOne(each, name, System.nanoTime(), again));
    }
  }

  private void advanceOne(RoundWork work, String name, long start, Consumer<RoundReport> finished) {
    replayingLost(() -> complete(List.of(work), name, start, finished));
  }

  /** Trains rounds that overlap in one stage or, where that cannot be, in a stage each. */
  private void advanceGroup(List<RoundWork> rounds, String name, long start, ReportsOnce reports) {
    int workers = rounds.get(0).workers();
    for (int attempt = 0; attempt < GROUP_ATTEMPTS; attempt++) {
      if (!roundsPerStage.isAllowed()
          || rounds.size() > mostNumbered(workers)
          || !stages.canExchange(workers)) {
        warnOfReplays(workers);
        break;
      }
      try {
        complete(rounds, name, start, reports.fromFirst());
        return;
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (!LostSliceException.isReasonOf(e)) {
          throw e;
        }
        if (attempt == GROUP_ATTEMPTS - 1) {
          roundsPerStage.failed();
        } else if (attempt > 0 && LostSliceException.isCauseOf(e)) {
          replaySlices();
        }
      }
    }
    replayingLost(() -> stages.runOneByOne(slices, rounds, name, reports.fromFirst()));
    history = history.afterGroup(rounds);
  }

  private void warnOfReplays(int workers) {
    if (!hasWarned) {
      hasWarned = true;
      LOG.warn(
          "Overlap needs a slot and memory for each of {} workers at the same time, without"
              + " speculation or dynamic allocation: until then each round has a stage, in which"
              + " rounds before it are trained again",
          workers);
    }
  }

  private void complete(
      List<RoundWork> rounds, String name, long start, Consumer<RoundReport> finished) {
    List<RoundReport> others = stages.run(slices, rounds, name, start, finished);
    history = average.overlaps() ? history.afterGroup(rounds) : history.after(rounds);
    others.forEach(finished);
  }

  /** Trains; if slices are lost, once more after the rounds in which they were averaged. */
  private void replayingLost(Runnable training) {
    try {
      training.run();
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      replaySlices();
      training.run();
    }
  }

  private void replaySlices() {
    RoundTrainer again = replay(history);
    try {
      slices.replaceBy(again.slices);
    } finally {
      again.stages.close();
    }
  }

  /**
   * Loads the parameters once more, and trains rounds again that were trained before.
   *
   * @return a trainer whose slices are current after these rounds
   */
  RoundTrainer replay(RoundHistory rounds) {
    LOG.warn(
        "All copies of a slice are lost: training {} rounds again, those since {}",
        rounds.rounds(),
        rounds.before() == 0 ? "the job began" : "the checkpoint after round " + rounds.before());
    RoundTrainer again =
        new RoundTrainer(spark, hadoop, average, rounds.source(), frozen, patience, cleaner);
    try {
      rounds.groups().forEach(group -> again.advance(group, "a lost round", report -> {}));
      return again;
    } catch (Exception | Error e) {
      again.close();
      throw e;
    }
  }

  @Override
  public void close() {
    stages.close();
    if (!spark.sc().isStopped()) { // Otherwise Spark has deleted everything that this object owns.
      slices.releaseAll();
    }
  }
}
