// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.config.SelectionMetric;
import io.stoker.driver.job.TrainingRun;
import io.stoker.driver.metrics.EarlyStop;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunFolder;
import java.util.Optional;

/**
 * The result of a training job.
 *
 * @param run the run folder
 * @param checkpoint the last checkpoint's folder
 * @param model the model's name
 * @param parameters the length of its parameter vector
 * @param rounds rounds that the run has had in all
 * @param epochs epochs that it has had in all
 * @param examples examples of this call, without those of a run that it resumed
 * @param loss the last round's mean training loss, in nats; NaN if there was no round to do
 * @param accuracy the last round's training accuracy; NaN if there was no round to do
 * @param imagesPerSecond examples of this call by its wall clock
 * @param medianImagesPerSecond those of the median round; {@code bench step} tells of the median
 *     step
 * @param seconds time of this call by phase
 * @param parametersSha256 the SHA-256 of the parameters as little-endian fp32 in canonical order
 * @param stoppedEarly whether training ended before the last epoch, see earlyStop
 * @param best the run's best checkpoint, where it was validated
 * @param earlyStop why training ended before the last epoch, if it did
 */
public record TrainResult(
    String run,
    String checkpoint,
    String model,
    long parameters,
    int rounds,
    int epochs,
    long examples,
    double loss,
    double accuracy,
    double imagesPerSecond,
    double medianImagesPerSecond,
    PhaseSeconds seconds,
    String parametersSha256,
    boolean stoppedEarly,
    @JsonIgnore Optional<Best> best,
    @JsonIgnore Optional<EarlyStop> earlyStop) {
  /**
   * A checkpoint and how it did.
   *
   * @param checkpoint its folder
   * @param validation its validation
   * @param metric by which it is the best
   */
  public record Best(String checkpoint, ValidationMetrics validation, SelectionMetric metric) {}

  static TrainResult of(
      TrainingRun run,
      RunFolder folder,
      Progress progress,
      double medianImagesPerSecond,
      Checkpoint last,
      Validation validation) {
    double seconds = progress.seconds().total();
    Optional<EarlyStop> earlyStop =
        validation.earlyStop().filter(stop -> progress.clock().round() < run.plan().rounds());
    return new TrainResult(
        folder.path().toString(),
        last.folder().toString(),
        run.model().name(),
        run.model().parameterCount(),
        (int) progress.clock().round(),
        (int) progress.clock().epoch(),
        progress.examples(),
        progress.loss(),
        progress.accuracy(),
        seconds > 0 ? progress.examples() / seconds : 0,
        medianImagesPerSecond,
        progress.seconds(),
        last.manifest().parametersSha256(),
        earlyStop.isPresent(),
        validation
            .best()
            .map(
                best ->
                    new Best(
                        folder.checkpoints().folder(best.round()).toString(),
                        best,
                        validation.metric())),
        earlyStop);
  }
}
