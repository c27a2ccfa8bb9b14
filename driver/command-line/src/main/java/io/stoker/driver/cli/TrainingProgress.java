// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.models.file.TrainingClock;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.config.Configurator;

/**
 * Shows a training job as a bar with the time to go, where messages go to a terminal. The bar
 * stands in for the log's line a round, which is what there is elsewhere.
 */
final class TrainingProgress implements RoundListener, AutoCloseable {
  private static final int REFRESH_MILLISECONDS = 500;

  private final boolean onTerminal;
  private ProgressBar bar;

  TrainingProgress(Console console) {
    this.onTerminal = console.messagesOnTerminal();
    if (onTerminal) {
      Configurator.setLevel(TrainJob.class.getPackageName(), Level.WARN);
    }
  }

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    if (onTerminal) {
      bar =
          new ProgressBarBuilder()
              .setTaskName("round")
              .setInitialMax(plan.rounds())
              .startsFrom(clock.round(), Duration.ZERO)
              .setUpdateIntervalMillis(REFRESH_MILLISECONDS)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(new ConsoleProgressBarConsumer(System.err))
              .build();
    }
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    if (bar != null) {
      bar.setExtraMessage(
          Line.of(
              " loss %.4f  %.1f %%  %,.0f images/s",
              metrics.loss(), 100 * metrics.accuracy(), metrics.imagesPerSecond()));
      bar.stepTo(metrics.round());
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
