package io.stoker.driver.round;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.ValidationMetrics;
import java.util.Optional;

/**
 * What a training job came to.
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
 * @param best the run's best checkpoint, where it was validated
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
    @JsonIgnore Optional<Best> best) {
  /**
   * A checkpoint and how it did.
   *
   * @param checkpoint its folder
   * @param validation its validation
   */
  public record Best(String checkpoint, ValidationMetrics validation) {}
}
