package io.stoker.driver.cli;

import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.JobPlan;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.tensorboard.TensorBoardLog;
import io.stoker.models.file.TrainingClock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** All that looks at a training run while it goes on; it owns them. */
final class Watching implements RoundListener, AutoCloseable {
  private final TrainingProgress progress;
  private final Optional<Dashboard> dashboard;
  private final Optional<TensorBoardLog> tensorboard;
  private final List<RoundListener> listeners = new ArrayList<>();

  Watching(
      TrainingProgress progress,
      Optional<Dashboard> dashboard,
      Optional<TensorBoardLog> tensorboard) {
    this.progress = progress;
    this.dashboard = dashboard;
    this.tensorboard = tensorboard;
    listeners.add(progress);
    tensorboard.ifPresent(listeners::add);
  }

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    listeners.forEach(listener -> listener.started(plan, clock));
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    listeners.forEach(listener -> listener.roundFinished(metrics));
  }

  @Override
  public void checkpointWritten(String uri) {
    listeners.forEach(listener -> listener.checkpointWritten(uri));
  }

  @Override
  public void validated(ValidationMetrics validation) {
    listeners.forEach(listener -> listener.validated(validation));
  }

  @Override
  public void close() {
    progress.close();
    dashboard.ifPresent(Dashboard::close);
    tensorboard.ifPresent(TensorBoardLog::close);
  }
}
