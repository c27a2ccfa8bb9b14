// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.PhaseSeconds;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.models.file.TrainingClock;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs rounds: at INFO the first, the last, and one every few seconds between; at DEBUG all others.
 */
public final class TrainingLog implements RoundListener {
  private static final Logger LOG = LoggerFactory.getLogger(TrainingLog.class);
  private static final Duration INTERVAL = Duration.ofSeconds(5);

  private final LongSupplier nanoseconds;
  private int rounds;
  private long logged;
  private RemainingTime remaining;

  /** The last round, while no line at INFO has said it. */
  private Optional<RoundMetrics> pending = Optional.empty();

  private boolean first = true;

  TrainingLog() {
    this(System::nanoTime);
  }

  /**
   * @param nanoseconds a clock, as {@link System#nanoTime}
   */
  TrainingLog(LongSupplier nanoseconds) {
    this.nanoseconds = nanoseconds;
    this.remaining = new RemainingTime(0, nanoseconds);
  }

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    rounds = plan.rounds();
    remaining = new RemainingTime(plan.rounds() - clock.round(), nanoseconds);
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    remaining.roundFinished();
    long now = nanoseconds.getAsLong();
    if (first || now - logged >= INTERVAL.toNanos()) {
      LOG.info("{}", line(metrics));
      first = false;
      logged = now;
      pending = Optional.empty();
    } else {
      if (LOG.isDebugEnabled()) {
        LOG.debug("{}", line(metrics));
      } else {
        pending = Optional.of(metrics);
      }
    }
  }

  @Override
  public void ended(TrainingClock clock) {
    pending.ifPresent(metrics -> LOG.info("{}", line(metrics)));
  }

  private static String fewerSteps(List<Integer> ofWorkers) {
    int most = ofWorkers.stream().mapToInt(each -> each).max().orElse(0);
    long fewer = ofWorkers.stream().filter(each -> each < most).count();
    return fewer == 0 ? "" : " with fewer steps of " + fewer + " workers";
  }

  private String line(RoundMetrics round) {
    PhaseSeconds seconds = round.seconds();
    return String.format(
        Locale.ROOT,
        "round %d/%d epoch %d%s%s: examples %d, loss %.4f, accuracy %.2f %%, rate %.3g, %.0f img/s,"
            + " %.2f s (gather %.2f, data %.2f, compute %.2f, scatter %.2f, average %.2f,"
            + " checkpoint %.2f)%s",
        round.round(),
        rounds,
        round.epoch(),
        round.absent().isEmpty() ? "" : " without workers " + round.absent(),
        fewerSteps(round.workers().steps()),
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
        seconds.checkpoint(),
        round.round() < rounds ? ", " + remaining.text() + " to go" : "");
  }
}
