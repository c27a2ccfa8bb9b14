// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.checkpoint;

import io.stoker.driver.averaging.SharedParameters;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;

/**
 * A checkpoint that an executor writes, perhaps while the next round trains. It owns the snapshot
 * that is written, until the checkpoint is complete. Only the job's thread may call it.
 */
public final class CheckpointInProgress {
  private final Path folder;
  private final SharedParameters.Snapshot snapshot;
  private final FutureTask<Checkpoint> writing;
  private final long begun = System.nanoTime();
  private final CompletableFuture<Long> ended = new CompletableFuture<>();

  private CheckpointInProgress(
      Path folder, SharedParameters.Snapshot snapshot, Supplier<Checkpoint> write) {
    this.folder = folder;
    this.snapshot = snapshot;
    this.writing =
        new FutureTask<>(
            () -> {
              try {
                return write.get();
              } finally {
                ended.complete(System.nanoTime());
              }
            });
  }

  static CheckpointInProgress begin(
      Path folder, SharedParameters.Snapshot snapshot, Supplier<Checkpoint> write) {
    CheckpointInProgress checkpoint = new CheckpointInProgress(folder, snapshot, write);
    Thread thread = new Thread(checkpoint.writing, "checkpoint " + folder.getName());
    thread.setDaemon(true);
    thread.start();
    return checkpoint;
  }

  /** Whether it is complete, or has failed. */
  public boolean isOver() {
    return writing.isDone();
  }

  /**
   * Waits until it is complete, and cuts the lineage of the snapshot: where its slices are lost,
   * they are read from the checkpoint. Must not be called while a round is trained.
   *
   * @throws RuntimeException what the writing failed with
   */
  public Checkpoint await() {
    try {
      Checkpoint checkpoint = writing.get();
      snapshot.cutLineage(checkpoint.vectors());
      return checkpoint;
    } catch (ExecutionException e) {
      throw new IllegalStateException("Cannot write checkpoint " + folder, e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while writing checkpoint " + folder, e);
    } finally {
      snapshot.close();
    }
  }

  /** How long it took, once it is over. */
  public double seconds() {
    return (ended.join() - begun) / 1e9;
  }
}
