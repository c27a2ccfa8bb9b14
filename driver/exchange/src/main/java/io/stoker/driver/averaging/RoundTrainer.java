// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.SliceSource;
import io.stoker.failure.ResourceException;
import io.stoker.worker.runtime.RoundWork;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.apache.spark.storage.StorageLevel;
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

  /** How often slices may be lost before a round, or a group of rounds, is trained. */
  private static final int MOST_REPLAYS = 5;

  private final AveragingJob job;
  private final RoundsPerStage roundsPerStage;
  private final SliceGenerations slices;
  private final StageRunner stages;

  /** How often slices were lost; counted together with trainers that train lost rounds again. */
  private final AtomicInteger replays;

  private RoundHistory history;
  private boolean hasWarned;

  /**
   * Loads slices onto the executors.
   *
   * @param source where they come from
   */
  RoundTrainer(AveragingJob job, SliceSource source) {
    this(job, source, new AtomicInteger());
  }

  private RoundTrainer(AveragingJob job, SliceSource source, AtomicInteger replays) {
    this.job = job;
    this.replays = replays;
    this.roundsPerStage = new RoundsPerStage(job.spark().getConf());
    this.history = RoundHistory.of(source);
    this.slices = new SliceGenerations(SliceRdd.from(job, source), job.cleaner());
    this.stages = new StageRunner(job, slices, roundsPerStage);
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

  /** How many of the coming rounds one stage may hold, if they do not overlap. */
  int roundsPerStage(int workers, int most) {
    int rounds = Math.min(roundsPerStage.next(most), stages.mostRounds(workers));
    return rounds == 1 || stages.obstacle(workers, rounds).isPresent() ? 1 : rounds;
  }

  /**
   * Trains consecutive rounds, see {@link SharedParameters#advance(List, String, Consumer)}: in one
   * stage where this can be, otherwise in a stage each.
   *
   * @param finished receives the report of each round once, in their order
   * @throws ResourceException if slices are lost again and again
   */
  void advance(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    replays.set(0);
    train(rounds, name, finished);
  }

  private void train(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    ReportsOnce reports = new ReportsOnce(finished);
    long start = System.nanoTime();
    if (rounds.size() > 1 && succeedsInOneStage(rounds, name, start, reports)) {
      return;
    }
    if (rounds.size() > 1 && job.average().overlaps()) {
      replayingLost(() -> stages.runOneByOne(rounds, name, reports.fromFirst()));
      history = history.after(rounds, true);
      return;
    }
    Consumer<RoundReport> each = reports.fromFirst();
    for (int i = 0; i < rounds.size(); i++) {
      List<RoundWork> round = List.of(rounds.get(i));
      long began = i == 0 ? start : System.nanoTime();
      replayingLost(() -> runInOneStage(round, name, began, each));
    }
  }

  /**
   * Trains rounds in one stage, those that overlap in several attempts.
   *
   * @return whether they are trained; otherwise each must have a stage
   */
  private boolean succeedsInOneStage(
      List<RoundWork> rounds, String name, long start, ReportsOnce reports) {
    int attempts = job.average().overlaps() ? GROUP_ATTEMPTS : 1;
    for (int attempt = 1; attempt <= attempts; attempt++) {
      if (job.average().overlaps() && !canOverlap(rounds)) {
        return false;
      }
      try {
        runInOneStage(rounds, name, start, reports.fromFirst());
        return true;
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (!LostSliceException.isReasonOf(e)) {
          throw e;
        }
        if (attempt > 1 && attempt < attempts && LostSliceException.isCauseOf(e)) {
          replaySlices(e);
        }
      }
    }
    roundsPerStage.failed();
    return false;
  }

  private boolean canOverlap(List<RoundWork> rounds) {
    int workers = rounds.get(0).workers();
    Optional<String> obstacle = stages.obstacle(workers, rounds.size());
    if (obstacle.isPresent() && !hasWarned) {
      hasWarned = true;
      LOG.warn(
          "Overlap needs a slot and memory for each of {} workers at the same time, but {}: until"
              + " then each round has a stage, in which rounds before it are trained again",
          workers,
          obstacle.get());
    }
    return obstacle.isEmpty();
  }

  private void runInOneStage(
      List<RoundWork> rounds, String name, long start, Consumer<RoundReport> finished) {
    List<RoundReport> others = stages.run(rounds, name, start, finished);
    history = history.after(rounds, job.average().overlaps());
    others.forEach(finished);
  }

  /** Trains; if slices are lost, again after the rounds in which they were averaged. */
  private void replayingLost(Runnable training) {
    boolean trained = false;
    while (!trained) {
      try {
        training.run();
        trained = true;
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        if (e instanceof ResourceException || !LostSliceException.isReasonOf(e)) {
          throw e;
        }
        replaySlices(e);
      }
    }
  }

  private void replaySlices(Exception lost) {
    if (replays.incrementAndGet() > MOST_REPLAYS) {
      throw new ResourceException(
          ("Slices of the parameters were lost %s times before a round could be trained: executors"
                  + " are lost faster than rounds are trained again; look at their logs, and go on"
                  + " with --resume")
              .formatted(replays.get()),
          lost);
    }
    RoundTrainer again = replay(history, replays);
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
    return replay(rounds, new AtomicInteger());
  }

  private RoundTrainer replay(RoundHistory rounds, AtomicInteger counted) {
    LOG.warn(
        "All copies of a slice are lost: training {} rounds again, those since {}",
        rounds.rounds(),
        rounds.before() == 0 ? "the job began" : "the checkpoint after round " + rounds.before());
    RoundTrainer again = new RoundTrainer(job, rounds.source(), counted);
    try {
      rounds.groups().forEach(group -> again.train(group, "a lost round", report -> {}));
      return again;
    } catch (Exception | Error e) {
      again.close();
      throw e;
    }
  }

  @Override
  public void close() {
    stages.close();
    if (!job.spark().sc().isStopped()) { // Otherwise Spark has deleted what this object owns.
      slices.releaseAll();
    }
  }
}
