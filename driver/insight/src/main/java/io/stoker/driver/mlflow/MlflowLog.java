// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.mlflow;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.round.RunWatch;
import io.stoker.driver.round.WatchedRun;
import io.stoker.models.file.TrainingClock;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Logs a training job to an MLflow tracking server: its options as params, each round and
 * validation as metrics whose step is the round, the location of the newest checkpoint as a tag,
 * and at the end the report of the run as an artifact. A job that is resumed first logs those
 * rounds of its run folder that the server does not have.
 *
 * <p>The training thread adds events to a bounded queue and never waits; {@link MlflowSender} sends
 * them from a thread of its own. If the server is down, slow, or answers nonsense, the sender warns
 * once and tries again while training goes on. {@link #close} waits a bounded time for the rest.
 *
 * <p>Names and passwords come from MLflow's own environment variables: {@code
 * MLFLOW_TRACKING_USERNAME} and {@code MLFLOW_TRACKING_PASSWORD}, or {@code MLFLOW_TRACKING_TOKEN}.
 * The experiment is that of {@code MLFLOW_EXPERIMENT_NAME}, else "stoker".
 */
public final class MlflowLog implements RunWatch {
  /** How long one request may take. */
  static final Duration REQUEST = Duration.ofSeconds(10);

  /**
   * How long {@link #close} waits for a slow server to take the rest. The sender gives up on a
   * server that does not answer after the first request.
   */
  static final Duration CLOSING = Duration.ofSeconds(60);

  /** How long the trials of a study wait that begin after the server has failed one. */
  private static final Duration CLOSING_TRIAL = Duration.ofSeconds(1);

  /** Some megabytes: the rounds of hours. */
  static final int CAPACITY = 20_000;

  private final MlflowRun run;
  private final PendingEvents pending;
  private final MlflowSender sender;

  private MlflowLog(MlflowRun run, PendingEvents pending, MlflowSender sender) {
    this.run = run;
    this.pending = pending;
    this.sender = sender;
  }

  /**
   * Begins to log, if the job asks for it; the caller closes it after the job. The first request is
   * sent when training begins.
   *
   * @param config the job
   * @param existing whether to resume the MLflow run that the run folder names
   * @param hadoop how to reach the run folder
   */
  public static Optional<MlflowLog> of(
      TrainingConfig config, ExistingRun existing, Configuration hadoop) {
    return of(config, existing, hadoop, REQUEST, CLOSING);
  }

  static Optional<MlflowLog> of(
      TrainingConfig config,
      ExistingRun existing,
      Configuration hadoop,
      Duration request,
      Duration closing) {
    if (!config.tracking().isOn()) {
      return Optional.empty();
    }
    Path folder = Locations.absolute(config.run(), hadoop);
    MlflowSubject subject = new JobSubject(folder, folder.getName(), Optional.empty(), hadoop);
    MlflowServer server = new MlflowServer(config.tracking().mlflow(), request);
    MlflowRun run = new MlflowRun(server, folder, existing == ExistingRun.RESUME, subject, hadoop);
    return Optional.of(started(server, run, closing, new MlflowWarning()));
  }

  /**
   * Begins to log a trial of a study.
   *
   * @param tracker the server
   * @param trial the job
   * @param name of its run
   * @param study gives the id of the study's run
   * @param warning that of the study
   */
  static MlflowLog ofTrial(
      String tracker,
      WatchedRun trial,
      String name,
      Supplier<String> study,
      MlflowWarning warning) {
    Configuration hadoop = trial.hadoop();
    Path folder = Locations.absolute(trial.config().run(), hadoop);
    MlflowSubject subject = new JobSubject(folder, name, Optional.of(study), hadoop);
    MlflowServer server = new MlflowServer(tracker, REQUEST);
    boolean resumed = trial.existing() == ExistingRun.RESUME;
    return started(
        server,
        new MlflowRun(server, folder, resumed, subject, hadoop),
        warning.isGiven() ? CLOSING_TRIAL : CLOSING,
        warning);
  }

  private static MlflowLog started(
      MlflowServer server, MlflowRun run, Duration closing, MlflowWarning warning) {
    PendingEvents pending = new PendingEvents(CAPACITY);
    MlflowSender sender = new MlflowSender(server, run, pending, closing, warning);
    sender.start();
    return new MlflowLog(run, pending, sender);
  }

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    run.goOnFrom(clock.round());
    pending.add(Event.ofStart(clock.round()));
  }

  @Override
  public void roundFinished(RoundMetrics metrics) {
    pending.add(Event.of(metrics));
  }

  @Override
  public void validated(ValidationMetrics validation) {
    pending.add(Event.of(validation));
  }

  @Override
  public void checkpointWritten(String uri) {
    pending.add(Event.ofCheckpoint(Locations.plain(uri)));
  }

  @Override
  public void ended(TrainingClock clock) {
    pending.end(PendingEvents.End.FINISHED);
  }

  /** Sends the rest, for a bounded time. A job that is closed before {@link #ended} has failed. */
  @Override
  public void close() {
    pending.end(PendingEvents.End.FAILED); // no effect after another end
    sender.close();
  }
}
