package io.stoker.driver.round;

import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.averaging.WorkerReport;
import io.stoker.driver.cluster.Gang;
import io.stoker.driver.config.RateSchedule;
import io.stoker.driver.metrics.EpochLosses;
import io.stoker.driver.metrics.Median;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.failure.InputException;
import io.stoker.models.file.TrainingClock;
import io.stoker.worker.runtime.RoundWork;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Training by parameter averaging: in each round every worker takes its local steps from the same
 * parameters, and the example-weighted mean of where they come to is where the next round begins
 * (McDonald et al., 2010; Su, Chen and Xu, 2015, "Experiments on Parallel Training of Deep Neural
 * Network using Model Averaging").
 */
final class TrainingLoop {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingLoop.class);

  private final TrainingRun run;
  private final SharedParameters parameters;
  private final MetricsLog metrics;
  private final RoundListener listener;
  private final List<Double> rates = new ArrayList<>();
  private final EpochLosses losses;
  private final Validation validation;
  private final Checkpointing checkpoints;
  private final Optional<Gang> gang;

  TrainingLoop(
      TrainingRun run,
      SharedParameters parameters,
      MetricsLog metrics,
      EpochLosses losses,
      Validation validation,
      Checkpointing checkpoints,
      Optional<Gang> gang,
      RoundListener listener) {
    this.run = run;
    this.parameters = parameters;
    this.metrics = metrics;
    this.losses = losses;
    this.validation = validation;
    this.checkpoints = checkpoints;
    this.gang = gang;
    this.listener = listener;
  }

  /**
   * Trains to the end of the plan, or of the patience with validations.
   *
   * @param from how far the job is
   * @return what this call did
   */
  Progress train(TrainingClock from) {
    JobPlan plan = run.plan();
    Progress progress = Progress.from(from);
    listener.started(plan, from);
    validation.validateIfDue(from); // of a run that was stopped between checkpoint and validation
    int r = (int) from.round();
    while (r < plan.rounds() && !validation.isPatienceOver()) {
      List<JobPlan.Round> rounds = roundsOfStage(r);
      RateSchedule schedule = run.schedule(lossesBefore(rounds.get(0).epoch()));
      double checkpointSeconds = checkpoints.takeWaited();
      long start = System.nanoTime();
      String name = "round %d of %d".formatted(r + 1, plan.rounds());
      gang.ifPresent(workers -> workers.awaitAllWorkers(name));
      double waitSeconds = (System.nanoTime() - start) / 1e9;
      List<RoundReport> reports =
          parameters.advance(
              rounds.stream().<RoundWork>map(each -> run.task(each, schedule)).toList(), name);
      r += rounds.size();

      for (int i = 0; i < rounds.size(); i++) {
        RoundReport report = reports.get(i);
        // The first one has what all of them have waited for.
        double waited = i == 0 ? checkpointSeconds : 0;
        double seconds = report.seconds() + waited + (i == 0 ? waitSeconds : 0);
        progress = finished(progress, rounds.get(i), report, schedule, waited, seconds);
      }

      checkpoints.roundFinished();
      if (run.isCheckpointDue(rounds.get(rounds.size() - 1))) {
        TrainingClock clock = progress.clock();
        metrics.flush(); // A run that goes on from the checkpoint may need its losses.
        checkpoints.begin(clock, schedule.at(clock.step()));
        validation.validateIfDue(clock).ifPresent(listener::validated);
      }
    }
    checkpoints.await();
    return progress.afterCheckpoint(checkpoints.takeWaited());
  }

  /** Images a second in the median round of this loop; 0 before the first. */
  double medianRate() {
    return rates.isEmpty() ? 0 : Median.of(rates);
  }

  /** Tells all who want to know of a round. */
  private Progress finished(
      Progress before,
      JobPlan.Round round,
      RoundReport report,
      RateSchedule schedule,
      double checkpointSeconds,
      double seconds) {
    TrainingClock clock = run.plan().clockAfter(round, before.clock(), report.examples());
    float rate = schedule.at(clock.step() - 1).learningRate();
    RoundMetrics measured = measured(round, clock, report, rate, checkpointSeconds, seconds);
    requireFinite(measured);
    losses.add(measured);
    rates.add(measured.imagesPerSecond());
    metrics.append(measured);
    TrainingPlugin.publish(measured);
    log(measured);
    listener.roundFinished(measured);
    return before.after(clock, measured);
  }

  /** The rounds that one stage trains: up to where something is to happen between two. */
  private List<JobPlan.Round> roundsOfStage(int first) {
    JobPlan plan = run.plan();
    int most = parameters.roundsPerStage(run.config().rounds().workers(), plan.rounds() - first);
    List<JobPlan.Round> rounds = new ArrayList<>();
    do {
      rounds.add(plan.round(first + rounds.size()));
    } while (rounds.size() < most && !run.isBoundary(rounds.get(rounds.size() - 1)));
    return rounds;
  }

  /** What a schedule that watches the loss has seen. */
  private List<Double> lossesBefore(int epoch) {
    return run.watchesValidation() ? validation.lossesBefore(epoch) : losses.before(epoch);
  }

  private RoundMetrics measured(
      JobPlan.Round round,
      TrainingClock clock,
      RoundReport report,
      float rate,
      double checkpointSeconds,
      double seconds) {
    return new RoundMetrics(
        round.round() + 1,
        round.epoch() + 1,
        clock.step(),
        report.examples(),
        clock.examples(),
        report.loss(),
        report.accuracy(),
        rate,
        report.examples() / seconds,
        report.driverBytes(),
        report.executorBytes(),
        report.drift(),
        new PhaseSeconds(
            report.meanSeconds(WorkerReport::gatherSeconds),
            report.meanSeconds(WorkerReport::waitSeconds),
            report.meanSeconds(WorkerReport::computeSeconds),
            report.meanSeconds(WorkerReport::scatterSeconds),
            report.averageSeconds(),
            checkpointSeconds,
            seconds));
  }

  private void requireFinite(RoundMetrics round) {
    if (!Double.isFinite(round.loss())) {
      throw new InputException(
          "Training diverged in round %d: its loss is %s; try a lower learning rate (it was %s) or a warm-up. The last checkpoint is intact"
              .formatted(round.round(), round.loss(), round.lr()));
    }
  }

  private void log(RoundMetrics round) {
    PhaseSeconds seconds = round.seconds();
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "round %d/%d epoch %d: examples %d, loss %.4f, accuracy %.2f %%, rate %.3g, %.0f img/s,"
                + " %.2f s (gather %.2f, data %.2f, compute %.2f, scatter %.2f, average %.2f,"
                + " checkpoint %.2f)",
            round.round(),
            run.plan().rounds(),
            round.epoch(),
            round.examples(),
            round.loss(),
            100 * round.accuracy(),
            round.lr(),
            round.imagesPerSecond(),
            seconds.total(),
            seconds.gather(),
            seconds.data(),
            seconds.compute(),
            seconds.scatter(),
            seconds.average(),
            seconds.checkpoint()));
  }
}
