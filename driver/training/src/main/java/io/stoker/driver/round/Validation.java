// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.metrics.EarlyStop;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunFolder;
import io.stoker.failure.Check;
import io.stoker.models.file.TrainingClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Validates the parameters of a run while it trains, where they are: on the executors. Which one is
 * the best, and whether training goes on, are functions of the validations in the run folder alone,
 * so that a resumed run decides as a run that was never stopped does.
 */
final class Validation {
  private static final Logger LOG = LoggerFactory.getLogger(Validation.class);

  private final JavaSparkContext spark;
  private final TrainingRun run;
  private final RunFolder folder;
  private final SharedParameters parameters;
  private final List<ValidationMetrics> validations = new ArrayList<>();

  /**
   * Reads the validations of the run, and deletes those of rounds that will be done again.
   *
   * @param parameters the run's
   * @param from how far the run is
   */
  Validation(
      JavaSparkContext spark,
      TrainingRun run,
      RunFolder folder,
      SharedParameters parameters,
      TrainingClock from) {
    this.parameters = parameters;
    this.spark = spark;
    this.run = run;
    this.folder = folder;
    folder.validations().dropAfter(from.round());
    folder.validations().read().stream()
        .filter(validation -> validation.round() <= from.round())
        .forEach(validations::add);
    if (run.watchesValidation()) {
      requireAllBefore(from.round());
    }
  }

  /** By what validations are compared. */
  SelectionMetric metric() {
    return run.config().validation().metric().ofBest();
  }

  private void requireAllBefore(long round) {
    for (long due = 1; due < round; due++) {
      long missing = due;
      Check.undamaged(
          !run.isValidationDue(due)
              || validations.stream().anyMatch(done -> done.round() == missing),
          "Cannot resume run %s: its schedule needs the loss of each validation, and that of round"
              + " %d is missing or damaged",
          folder.path(),
          missing);
    }
  }

  /**
   * What a plateau schedule watches of each epoch, from the first on: how far the epoch's last
   * validation is from perfect. An epoch without a validation is left out.
   *
   * @param epoch from 0; it and those after it are left out
   */
  List<Double> shortfallsBefore(int epoch) {
    SelectionMetric watched = run.config().validation().metric().ofPlateau();
    Map<Integer, Double> last = new TreeMap<>();
    for (ValidationMetrics validation : validations) {
      last.put(
          run.plan().round((int) validation.round() - 1).epoch(), validation.shortfall(watched));
    }
    return last.entrySet().stream()
        .filter(loss -> loss.getKey() < epoch)
        .map(Map.Entry::getValue)
        .toList();
  }

  /**
   * Validates the current parameters where the job says so, unless an earlier run has done that.
   *
   * @param clock how far the job is
   * @param awaitCheckpoint waits until the checkpoint of these parameters is complete, which the
   *     record of a validation marks
   */
  Optional<ValidationMetrics> validateIfDue(TrainingClock clock, Runnable awaitCheckpoint) {
    if (!run.isValidationDue(clock.round())
        || validations.stream().anyMatch(done -> done.round() == clock.round())) {
      return Optional.empty();
    }
    TrainingConfig config = run.config();
    EvaluationReport report =
        run.evaluate(
            spark,
            new EvaluateRequest(
                new Inference(
                    folder.checkpoints().folder(clock.round()).toString(),
                    config.engine(),
                    config.validation().views(),
                    config.arithmetic()),
                config.data().uri(),
                config.validation().split(),
                config.rounds().batch(),
                1),
            parameters,
            clock);
    awaitCheckpoint.run();
    ValidationMetrics validation = report.toValidation();
    folder.requireHeld();
    folder.validations().write(validation);
    validations.add(validation);
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "round %d validated on %s: loss %.4f, accuracy %.2f %%, best %s, %.2f s",
            validation.round(),
            validation.split(),
            validation.logLoss(),
            100 * validation.accuracy(),
            metric().text(best().orElseThrow().value(metric())),
            validation.seconds()));
    return Optional.of(validation);
  }

  /** The best one so far. */
  Optional<ValidationMetrics> best() {
    return ValidationMetrics.best(validations, metric());
  }

  /** The round of the best checkpoint, which is never deleted. */
  Set<Long> pinnedRounds() {
    return best().stream().map(ValidationMetrics::round).collect(Collectors.toSet());
  }

  /** Why training is to end now, if it is: validations have not got better for too long. */
  Optional<EarlyStop> earlyStop() {
    return EarlyStop.of(run.config().validation(), validations);
  }
}
