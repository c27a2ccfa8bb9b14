// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.RoundReport;
import io.stoker.driver.config.ConfiguredSteps;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.models.file.TrainingClock;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;

/**
 * Training by parameter averaging: in each round every worker takes its local steps from the same
 * parameters, and the next round begins with the example-weighted mean of the workers' parameters
 * (McDonald et al., 2010; Su, Chen and Xu, 2015, "Experiments on Parallel Training of Deep Neural
 * Network using Model Averaging").
 */
final class TrainingLoop {
  private static final int DIVERGED_GUESSES = 100;

  private final TrainingRun run;
  private final TrainingStages stages;
  private final RateHistory rates;
  private final Checkpointing checkpoints;
  private final Validation validation;
  private final RoundListeners listeners;
  private Progress progress;

  TrainingLoop(
      TrainingRun run,
      TrainingStages stages,
      RateHistory rates,
      Checkpointing checkpoints,
      Validation validation,
      RoundListeners listeners) {
    this.run = run;
    this.stages = stages;
    this.rates = rates;
    this.checkpoints = checkpoints;
    this.validation = validation;
    this.listeners = listeners;
  }

  /**
   * Trains to the last round, or until validations have not got better for long enough.
   *
   * @param from how far the job is
   * @return what this call did
   */
  Progress train(TrainingClock from) {
    progress = Progress.from(from);
    listeners.started(run.plan(), from);
    validate(from); // A run may have been stopped between a checkpoint and its validation.

    while (progress.clock().round() < run.plan().rounds() && validation.earlyStop().isEmpty()) {
      List<JobPlan.Round> rounds = stages.next(progress.clock().round());
      ConfiguredSteps schedule = rates.of(rounds.get(0).epoch());
      Iterator<JobPlan.Round> finished = rounds.iterator();
      stages.train(rounds, schedule, report -> roundFinished(finished.next(), schedule, report));

      checkpoints.completeIfWritten();
      if (run.isCheckpointDue(progress.clock().round())) {
        listeners.checkpointBegins(progress.clock());
        checkpoints.begin(progress.clock(), schedule.at(progress.clock().step()));
        validate(progress.clock());
        checkpoints.awaitWithoutSpareSlot();
      }
    }

    checkpoints.await();
    listeners.ended(progress.clock());
    return progress.afterCheckpoint(stages.secondsAfterLastRound());
  }

  private void roundFinished(JobPlan.Round round, ConfiguredSteps schedule, RoundReport report) {
    TrainingClock clock = run.plan().clockAfter(round, progress.clock(), report.examples());
    RoundMetrics metrics = stages.measure(round, clock, report, schedule);
    requireNotDiverged(metrics);
    progress = progress.after(clock, metrics);
    listeners.roundFinished(metrics);
  }

  private void validate(TrainingClock clock) {
    validation.validateIfDue(clock, checkpoints::await).ifPresent(listeners::validated);
  }

  /**
   * Training has diverged if a round's mean loss is not finite, or is above {@value
   * #DIVERGED_GUESSES} times the loss of guessing, the logarithm of the number of classes. Softmax
   * is then saturated for nearly all examples, and smaller steps do not bring the model back.
   */
  private void requireNotDiverged(RoundMetrics round) {
    double guessing = Math.log(run.model().classes());
    if (!(round.loss() <= DIVERGED_GUESSES * guessing)) {
      throw new DivergedException(
          String.format(
              Locale.ROOT,
              "Training diverged in round %d: its loss is %s (guessing one of %d classes has %.2f);"
                  + " try a lower learning rate (it was %s) or a warm-up. %s",
              round.round(),
              round.loss(),
              run.model().classes(),
              guessing,
              round.lr(),
              checkpoints.describeLast()));
    }
  }
}
