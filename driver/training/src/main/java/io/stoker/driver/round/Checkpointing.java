// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import io.stoker.driver.averaging.SharedParameters;
import io.stoker.driver.checkpoint.Checkpoint;
import io.stoker.driver.checkpoint.CheckpointInProgress;
import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.job.TrainingRun;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.TrainingClock;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the checkpoints of a training loop, one at a time. Where the cluster has more slots than
 * the job has workers, a checkpoint is written while the next round trains. Otherwise it is written
 * before the next round: its task would take a worker's slot, and move that worker away from the
 * data that it holds. The result is the same.
 */
final class Checkpointing implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpointing.class);

  private final TrainingRun run;
  private final SharedParameters parameters;
  private final Supplier<Set<Long>> pinned;
  private final RoundListeners listeners;
  private final RoundTimer timer;
  private Optional<CheckpointInProgress> writing = Optional.empty();
  private Optional<Checkpoint> last;

  /**
   * @param run the job
   * @param parameters what is written
   * @param pinned the rounds whose checkpoints are not deleted, however old they are
   * @param listeners are told of each complete checkpoint
   * @param timer is told how long the job waits
   * @param last the checkpoint that the job was resumed from
   */
  Checkpointing(
      TrainingRun run,
      SharedParameters parameters,
      Supplier<Set<Long>> pinned,
      RoundListeners listeners,
      RoundTimer timer,
      Optional<Checkpoint> last) {
    this.run = run;
    this.parameters = parameters;
    this.pinned = pinned;
    this.listeners = listeners;
    this.timer = timer;
    this.last = last;
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
  }

  /**
   * Waits for the checkpoint that is being written if no slot is left for it while workers train.
   */
  void awaitWithoutSpareSlot() {
    if (writing.isPresent() && !parameters.hasSlotBeside(run.config().rounds().workers())) {
      await();
    }
  }

  /** Completes a checkpoint that has been written during a round. */
  void completeIfWritten() {
    if (writing.isPresent() && writing.get().isOver()) {
      await();
    }
  }

  /** Waits for the checkpoint that is being written, if any, and deletes those that are too old. */
  void await() {
    if (writing.isEmpty()) {
      return;
    }
    CheckpointInProgress current = writing.get();
    writing = Optional.empty();
    long start = System.nanoTime();
    Checkpoint checkpoint = timer.waitingForCheckpoint(current::await);
    double waited = (System.nanoTime() - start) / 1e9;
    last = Optional.of(checkpoint);
    run.deleteOldCheckpoints(checkpoint, pinned.get());
    LOG.info(
        "{}",
        String.format(
            Locale.ROOT,
            "checkpoint %s: %.2f s, of which %.2f s while a round trained",
            checkpoint.folder().getName(),
            current.seconds(),
            Math.max(0, current.seconds() - waited)));
    listeners.checkpointWritten(checkpoint.folder().toString());
  }

  /** The newest one that is complete; none if the job has none yet. */
  Optional<Checkpoint> last() {
    return last;
  }

  /** Says, after waiting for one that is being written, from where the job can be resumed. */
  String describeLast() {
    await();
    return last.map(
            checkpoint ->
                "Checkpoint %s is intact"
                    .formatted(Locations.plain(checkpoint.folder().toString())))
        .orElse("There is no checkpoint yet");
  }

  /** Waits for the checkpoint before a round that failed: it is worth keeping. */
  @Override
  public void close() {
    await();
  }
}
