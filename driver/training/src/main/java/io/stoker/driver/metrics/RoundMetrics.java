// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.metrics;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.stoker.failure.Check;

/**
 * One round as a line of {@code metrics.jsonl}.
 *
 * @param round the round, from 1
 * @param epoch the epoch that it belongs to, from 1
 * @param step local steps since the job began, including those of this round
 * @param examples the number of examples that this round trained on
 * @param examplesTotal examples since the job began, including those of this round
 * @param loss mean cross-entropy of this round's examples, in nats, each before its own step
 * @param accuracy the share of them that were classified right
 * @param lr the learning rate of the round's last step
 * @param imagesPerSecond this round's examples by its wall clock, checkpoint included
 * @param driverBytes bytes of task results and broadcasts that passed through the driver, as Spark
 *     had reported them by the end of the round
 * @param executorBytes bytes of parameters that went from one executor to another
 * @param drift how far apart the workers were before the average that the round began with: the
 *     root mean square of their parameters' distances from the mean, as a share of the mean's
 *     length; 0 for one worker, and where the round did not begin with an average
 * @param seconds this round's time by phase
 */
@JsonPropertyOrder({
  "round",
  "epoch",
  "step",
  "examples",
  "examples_total",
  "loss",
  "accuracy",
  "lr",
  "images_per_second",
  "driver_bytes",
  "executor_bytes",
  "drift",
  "seconds"
})
public record RoundMetrics(
    int round,
    int epoch,
    long step,
    long examples,
    long examplesTotal,
    double loss,
    double accuracy,
    float lr,
    double imagesPerSecond,
    long driverBytes,
    long executorBytes,
    double drift,
    PhaseSeconds seconds) {
  public RoundMetrics {
    Check.undamaged(
        round >= 1 && epoch >= 1 && epoch <= round && step >= 0 && examples >= 0,
        "Invalid round: round %s, epoch %s, step %s, %s examples",
        round,
        epoch,
        step,
        examples);
    Check.undamaged(seconds != null, "Invalid round: round %s has no seconds", round);
  }
}
