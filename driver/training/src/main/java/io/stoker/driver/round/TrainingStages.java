// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.PartialWork;
import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.averaging.WorkerReport;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.job.UnevenWork;
import io.stoker.driver.job.WorkBySpeed;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.metrics.RoundWorkers;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.RoundTask;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import io.stoker.worker.sgd.StepSchedule;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/** A job's rounds in Spark's stages: one round each, or several where rounds are short. */
final class TrainingStages {
  /** The record has a speed of each worker in each round. */
  private static final MathContext SPEED_DIGITS = new MathContext(4);

  private final TrainingRun run;
  private final SharedParameters parameters;
  private final Optional<Gang> gang;
  private final RoundTimer timer;
  private final WorkBySpeed speeds;
  private final Optional<RecordedRounds> replayed;

  /** What workers do in the stage that was begun last. */
  private WorkBySpeed.Shares shares;

  /**
   * @param run the job
   * @param parameters what is trained; the caller owns them
   * @param gang waits for a slot for each worker, where the user asked for that
   * @param timer is told how long that takes
   * @param speeds those of workers in earlier rounds; it is told those of the rounds that follow
   * @param replayed says which workers take part in each round, and which steps they take
   */
  TrainingStages(
      TrainingRun run,
      SharedParameters parameters,
      Optional<Gang> gang,
      RoundTimer timer,
      WorkBySpeed speeds,
      Optional<RecordedRounds> replayed) {
    this.run = run;
    this.parameters = parameters;
    this.gang = gang;
    this.timer = timer;
    this.speeds = speeds;
    this.replayed = replayed;
    this.shares = speeds.shares();
  }

  /**
   * The rounds that the next stage trains: up to one after which something is done on the driver.
   *
   * @param done how many rounds are done
   */
  List<JobPlan.Round> next(long done) {
    JobPlan plan = run.plan();
    int first = (int) done;
    int left = plan.rounds() - first;
    int most =
        run.groups().overlap()
            ? left
            : parameters.roundsPerStage(run.config().rounds().workers(), left);
    List<JobPlan.Round> rounds = new ArrayList<>();
    do {
      rounds.add(plan.round(first + rounds.size()));
    } while (rounds.size() < most && !run.isBoundary(rounds.get(rounds.size() - 1)));
    return rounds;
  }

  /**
   * Has each worker take its local steps of each round, and averages the workers' parameters after
   * each.
   *
   * @param rounds as {@link #next} gave them
   * @param schedule the settings of their steps
   * @param finished receives the report of each round, in their order, on this thread
   */
  void train(List<JobPlan.Round> rounds, StepSchedule schedule, Consumer<RoundReport> finished) {
    String name =
        String.format(
            Locale.ROOT, "round %d of %d", rounds.get(0).round() + 1, run.plan().rounds());
    shares = speeds.shares();
    gang.ifPresent(workers -> timer.waitingForSlots(() -> workers.awaitAllWorkers(name)));
    parameters.advance(
        rounds.stream().map(round -> work(round, schedule)).toList(), name, finished);
  }

  private RoundWork work(JobPlan.Round round, StepSchedule schedule) {
    RoundTask task = run.task(round, schedule);
    RoundWork work = isBySpeed() ? new UnevenWork(task, steps(round)) : task;
    if (replayed.isPresent()) {
      return replayed.get().work(round, work);
    }
    // The last step of an epoch may have examples for one worker only.
    boolean needsAll = round.steps() == 1 && run.plan().endsEpoch(round);
    return needsAll && run.config().averaging().hasQuorum() ? PartialWork.ofAll(work) : work;
  }

  private boolean isBySpeed() {
    return run.config().averaging().workBySpeed();
  }

  /** How many steps each worker takes in a round of this stage. */
  private List<Integer> steps(JobPlan.Round round) {
    return replayed
        .map(recorded -> recorded.steps(round))
        .orElseGet(() -> shares.of(round.steps()));
  }

  /**
   * What there is to say of a round, with the time that the job has waited before it.
   *
   * @param round the round
   * @param clock the clock after it
   * @param report what its workers reported
   * @param schedule the settings of its steps
   */
  RoundMetrics measure(
      JobPlan.Round round, TrainingClock clock, RoundReport report, StepSchedule schedule) {
    Map<RoundNumber, Number> known = new EnumMap<>(timer.of(report));
    known.put(RoundNumber.ROUND, round.round() + 1);
    known.put(RoundNumber.EPOCH, round.epoch() + 1);
    known.put(RoundNumber.STEP, clock.step());
    known.put(RoundNumber.EXAMPLES_TOTAL, clock.examples());
    known.put(RoundNumber.LR, schedule.at(clock.step() - 1).learningRate());
    double seconds = known.get(RoundNumber.TOTAL).doubleValue();
    known.put(RoundNumber.IMAGES_PER_SECOND, report.examples() / seconds);
    RoundWorkers workers = RoundWorkers.without(report.absent());
    if (isBySpeed()) {
      workers = new RoundWorkers(report.absent(), steps(round), speeds(report));
      speeds.roundFinished(workers);
    }
    return RoundMetrics.of(report, known, workers);
  }

  /** How many examples a second each worker has trained on; 0 if it has trained on none. */
  private List<Double> speeds(RoundReport report) {
    Double[] all = new Double[run.config().rounds().workers()];
    Arrays.fill(all, 0.0);
    for (WorkerReport each : report.workers()) {
      Measurements measured = each.measured();
      double seconds = measured.get(Measure.WAIT_SECONDS) + measured.get(Measure.COMPUTE_SECONDS);
      double examples = measured.get(Measure.EXAMPLES);
      if (examples > 0 && seconds > 0) {
        all[each.worker()] = new BigDecimal(examples / seconds).round(SPEED_DIGITS).doubleValue();
      }
    }
    return List.of(all);
  }

  /** What the job has waited for since the last round. */
  PhaseSeconds secondsAfterLastRound() {
    return timer.afterLastRound();
  }
}
