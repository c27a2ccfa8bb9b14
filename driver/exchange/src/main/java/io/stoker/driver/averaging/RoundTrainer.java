// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.cluster.ExecutorDemand;
import io.stoker.driver.cluster.Slots;
import io.stoker.driver.slice.SliceSource;
import io.stoker.driver.spark.SparkFailures;
import io.stoker.failure.ResourceException;
import io.stoker.failure.StokerException;
import io.stoker.worker.runtime.RoundWork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Trains rounds on the executors, and trains them again if slices are lost or workers leave their
 * stage. It owns the slices until {@link #close}, and the rendezvous of its stages.
 */
final class RoundTrainer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(RoundTrainer.class);

  /** How often training may fail before a round, or a group of rounds, is trained. */
  private static final int MOST_FAILURES = 5;

  private static final Duration DEMAND_PERIOD = Duration.ofMinutes(10);

  private final AveragingJob job;
  private final RoundsPerStage roundsPerStage;
  private final SliceLifetime slices;
  private final StageRunner stages;

  /** How often training has failed; counted together with trainers that train lost rounds again. */
  private final AtomicInteger failures;

  /** What ran the stages from whose pieces Spark may have to average replayed slices again. */
  private final List<StageRunner> replayed = new ArrayList<>();

  private RoundHistory history;

  /** Whether it was said that the heap is too small for stages of several rounds. */
  private boolean hasWarned;

  /** When executors were demanded last, as of {@link System#nanoTime}. */
  private long lastDemand = System.nanoTime() - DEMAND_PERIOD.toNanos();

  /**
   * Loads slices onto the executors.
   *
   * @param source where they come from
   */
  RoundTrainer(AveragingJob job, SliceSource source) {
    this(job, RoundHistory.of(source), SliceLifetime.of(job, source), new AtomicInteger());
  }

  private RoundTrainer(
      AveragingJob job, RoundHistory history, SliceLifetime slices, AtomicInteger failures) {
    this.job = job;
    this.failures = failures;
    this.roundsPerStage = new RoundsPerStage();
    this.history = history;
    this.slices = slices;
    this.stages = new StageRunner(job, slices, roundsPerStage);
    try {
      slices.current().materialize();
    } catch (Exception | Error e) {
      close();
      throw e;
    }
  }

  SliceLifetime slices() {
    return slices;
  }

  /** The rounds from which the current slices can be computed again. */
  RoundHistory history() {
    return history;
  }

  /** Has the history begin with slices that a checkpoint holds. */
  void shortenHistory(SliceSource written, long length) {
    history = history.since(written, length);
  }

  /** How many of the coming rounds one stage may hold, if they do not overlap. */
  int roundsPerStage(int workers, int most) {
    int rounds = Math.min(roundsPerStage.next(most), stages.mostRounds(workers));
    if (rounds == 1) {
      return 1;
    }
    demandSlots(workers);
    Slots slots = Slots.now(job.spark());
    ExchangeMemory memory = new ExchangeMemory(job.average().slices(), workers, job.quorum() < 1);
    if (slots.count() < workers) {
      return 1;
    }
    Optional<String> lack = OverlapNeeds.lackOfMemory(memory, job.spark(), slots);
    lack.ifPresent(what -> warnOnce(workers, what));
    return lack.isPresent() ? 1 : rounds;
  }

  private void warnOnce(int workers, String lackOfMemory) {
    if (!hasWarned) {
      hasWarned = true;
      LOG.warn(
          "Each round of {} workers is a stage of its own, which takes longer than several in one:"
              + " {}",
          workers,
          lackOfMemory);
    }
  }

  /** Asks for executors where Spark starts them on demand, but not again and again in vain. */
  private void demandSlots(int workers) {
    if (ExecutorDemand.isDynamic(job.spark())
        && Slots.now(job.spark()).count() < workers
        && System.nanoTime() - lastDemand > DEMAND_PERIOD.toNanos()) {
      ExecutorDemand.awaitSettled(job.spark(), workers, DEMAND_PERIOD);
      lastDemand = System.nanoTime();
    }
  }

  /**
   * Trains consecutive rounds, see {@link SharedParameters#advance(List, String, Consumer)}, in one
   * stage. If that fails, rounds that overlap are trained again in one stage, and each other round
   * in a stage of its own.
   *
   * @param finished receives the report of each round once, in their order
   * @throws ResourceException if training fails again and again, or if rounds overlap and the
   *     cluster has too few slots or too little memory
   */
  void advance(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    failures.set(0);
    train(rounds, name, finished);
  }

  private void train(List<RoundWork> rounds, String name, Consumer<RoundReport> finished) {
    ReportsOnce reports = new ReportsOnce(finished);
    boolean overlap = rounds.size() > 1 && job.average().overlaps();
    int together = rounds.size();
    int done = 0;
    long start = System.nanoTime();
    List<RoundWork> all = new ArrayList<>(rounds);
    while (done < rounds.size()) {
      List<RoundWork> next = all.subList(done, done + together);
      try {
        if (overlap) {
          runGroup(next, name, start, reports.from(done));
        } else {
          runInOneStage(next, name, start, reports.from(done));
        }
        done += together;
        start = System.nanoTime();
      } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
        countFailure(e);
        if (overlap) { // Without executors, Spark would wait for ever to look at slices.
          requireOverlap(next);
        }
        restoreSlices();
        if (!overlap && together > 1) {
          together = 1;
          roundsPerStage.failed();
        }
      }
    }
  }

  /** Waits until all workers can run at the same time, which rounds that overlap need. */
  private void requireOverlap(List<RoundWork> rounds) {
    OverlapNeeds.awaitInJob(
        job.spark(), job.average().slices(), rounds.get(0).workers(), rounds.size());
  }

  private void runGroup(
      List<RoundWork> rounds, String name, long start, Consumer<RoundReport> finished) {
    job.overlapping().lock();
    try {
      requireOverlap(rounds);
      runInOneStage(rounds, name, start, finished);
    } finally {
      job.overlapping().unlock();
    }
  }

  private void runInOneStage(
      List<RoundWork> rounds, String name, long start, Consumer<RoundReport> finished) {
    List<RoundReport> others = stages.run(rounds, name, start, failures.get(), finished);
    history = history.after(rounds, job.average().overlaps());
    others.forEach(finished);
  }

  /** Throws what has failed, unless training again may succeed. */
  private void countFailure(Exception failed) {
    Optional<? extends Throwable> reason = LostSliceException.reasonOf(failed);
    if (failed instanceof StokerException || reason.isEmpty()) {
      SparkFailures.rethrow(failed);
    }
    if (failures.incrementAndGet() > MOST_FAILURES) {
      throw new ResourceException(
          String.format(
              Locale.ROOT,
              "A round could not be trained in %d attempts: %s; look at the logs of the executors,"
                  + " and go on with --resume",
              failures.get(),
              reason.orElseThrow().getMessage()),
          failed);
    }
  }

  /** Has lost slices averaged again from their pieces, or trains their rounds again. */
  private void restoreSlices() {
    try {
      slices.current().materialize();
    } catch (Exception e) { // Spark's checked exceptions reach Java undeclared.
      if (!LostSliceException.isReasonOf(e)) {
        throw e;
      }
      replaySlices();
    }
  }

  private void replaySlices() {
    RoundTrainer again = replay(history, failures);
    replayed.add(again.stages);
    replayed.addAll(again.replayed);
    slices.replaceBy(again.slices);
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
    SliceSource source = rounds.source();
    RoundTrainer again =
        new RoundTrainer(
            job, RoundHistory.of(source), slices.ofRoundsTrainedAgain(job, source), counted);
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
    replayed.forEach(StageRunner::close);
    slices.close();
  }
}
