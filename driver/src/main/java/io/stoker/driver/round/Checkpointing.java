package io.stoker.driver.round;

import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.checkpoint.CheckpointInProgress;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.TrainingClock;
import java.util.Locale;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the checkpoints of a training loop, one at a time. Where the cluster has a slot beside
 * those of the workers, a checkpoint is written while the next round trains; else before it, since
 * it would take a worker's slot, and send that worker away from its data. The result is the same.
 */
final class Checkpointing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpointing.class);

  private final TrainingRun run;
  private final SharedParameters parameters;
  private final Validation validation;
  private final RoundListener listener;
  private Optional<CheckpointInProgress> writing = Optional.empty();
  private Optional<Checkpoint> last = Optional.empty();
  private double waited;

  Checkpointing(
      TrainingRun run, SharedParameters parameters, Validation validation, RoundListener listener) {
    this.run = run;
    this.parameters = parameters;
    this.validation = validation;
    this.listener = listener;
  }

  /**
   * Begins to write a checkpoint of the current parameters, when the one before is complete.
   *
   * @param clock how far the job is
   * @param settings what stock Deeplearning4j would go on training with
   */
  void begin(TrainingClock clock, StepSettings settings) {
    await();
    writing = Optional.of(run.beginCheckpoint(parameters, clock, settings));
    if (run.isCheckpointNeededAt(clock.round())
        || !parameters.hasSlotBeside(run.config().rounds().workers())) {
      await();
    }
  }

  /** Ends one that has become complete during a round. */
  void roundFinished() {
    if (writing.isPresent() && writing.get().isOver()) {
      await();
    }
  }

  /** Waits for the one that is being written, if any. */
  void await() {
    if (writing.isEmpty()) {
      return;
    }
    CheckpointInProgress current = writing.get();
    writing = Optional.empty();
    long start = System.nanoTime();
    Checkpoint checkpoint = current.await();
    double seconds = (System.nanoTime() - start) / 1e9;
    waited += seconds;
    last = Optional.of(checkpoint);
    run.deleteOldCheckpoints(checkpoint, validation.kept());
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "checkpoint %s: %.2f s, of which %.2f s beside a round",
            checkpoint.folder().getName(),
            current.seconds(),
            Math.max(0, current.seconds() - seconds)));
    listener.checkpointWritten(checkpoint.folder().toString());
  }

  /** The seconds that rounds have waited for checkpoints since the last call. */
  double takeWaited() {
    double taken = waited;
    waited = 0;
    return taken;
  }

  /** The newest one that is complete; none if none was written yet. */
  Optional<Checkpoint> last() {
    return last;
  }

  /** Waits likewise: a job that fails in a round keeps the checkpoint before it. */
  @Override
  public void close() {
    await();
  }
}
