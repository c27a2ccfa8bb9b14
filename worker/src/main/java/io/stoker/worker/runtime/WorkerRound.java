// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.data.batch.ImageBatch;
import io.stoker.models.engine.ParameterVectors;
import io.stoker.worker.sgd.LocalSgd;
import io.stoker.worker.sgd.Measurements;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;

/** One worker's part of a round of a training job, inside a Spark task. */
final class WorkerRound implements RoundWork.Part {
  private final RoundTask task;
  private final int worker;
  private final Configuration hadoop;
  private final TaskContext context;
  private final Replica replica;

  private WorkerRound(
      RoundTask task, int worker, Configuration hadoop, TaskContext context, Replica replica) {
    this.task = task;
    this.worker = worker;
    this.hadoop = hadoop;
    this.context = context;
    this.replica = replica;
  }

  /** Borrows a replica, see {@link RoundWork#begin}. */
  static WorkerRound begin(RoundTask task, int worker, Configuration hadoop, TaskContext context) {
    Replica replica = ExecutorResources.here().borrowForTraining(task.replica(), context);
    return new WorkerRound(task, worker, hadoop, context, replica);
  }

  /** The worker's part of the next round, with the same replica. */
  WorkerRound next(RoundTask following) {
    return new WorkerRound(following, worker, hadoop, context, replica);
  }

  @Override
  public ParameterVectors vectors() {
    return replica.network();
  }

  @Override
  public void loadFrozen(Consumer<ParameterVectors> loader) {
    if (replica.lacksContents()) {
      loader.accept(replica.network());
      replica.contentsLoaded();
    }
  }

  @Override
  public Measurements train() {
    return train(steps -> {});
  }

  @Override
  public Measurements train(IntConsumer beforeStep) {
    try (TrainingReaders.RoundReader reader =
        ExecutorResources.here()
            .readers()
            .reader(task.data(), task.epoch(), worker, task.firstStep(), hadoop)) {
      Measurements result =
          LocalSgd.run(
              replica.network(),
              () -> next(reader),
              task.localSteps(worker),
              task.schedule(),
              beforeStep);
      reader.completed();
      return result;
    }
  }

  /** Ends at the next step if Spark has killed the task. */
  private ImageBatch next(TrainingReaders.RoundReader reader) {
    context.killTaskIfInterrupted(); // Spark logs why it has killed the task.
    return reader.next();
  }

  @Override
  public void close() {
    replica.close();
  }
}
