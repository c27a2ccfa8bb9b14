package io.stoker.worker.runtime;

import io.stoker.data.batch.ImageBatch;
import io.stoker.models.engine.Network;
import io.stoker.worker.sgd.LocalResult;
import io.stoker.worker.sgd.LocalSgd;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;

/**
 * One worker's part of a round inside a Spark task. It borrows a resident replica until it is
 * closed, or the task ends; a task that fails has the replica closed, since its state is then
 * unknown.
 */
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

  /**
   * Begins: the network has arbitrary parameters and updater state, which the caller sets.
   *
   * @param task the round
   * @param worker which worker
   * @param hadoop how to reach the data
   * @param context the task's, at whose end the replica is given back
   */
  static WorkerRound begin(RoundTask task, int worker, Configuration hadoop, TaskContext context) {
    Replica replica = ExecutorResources.here().borrow(task.replica());
    context.addTaskFailureListener((TaskFailureListener) (ended, failure) -> replica.discard());
    context.addTaskCompletionListener((TaskCompletionListener) ended -> replica.close());
    return new WorkerRound(task, worker, hadoop, context, replica);
  }

  @Override
  public Network network() {
    return replica.network();
  }

  @Override
  public boolean lacksFrozenParameters() {
    return replica.isNew();
  }

  @Override
  public LocalResult train() {
    try (TrainingReaders.RoundReader reader =
        ExecutorResources.here()
            .readers()
            .reader(task.data(), task.epoch(), worker, task.firstStep(), hadoop)) {
      LocalResult result =
          LocalSgd.run(network(), () -> next(reader), task.localSteps(worker), task.schedule());
      reader.completed();
      return result;
    }
  }

  @Override
  public void close() {
    replica.close();
  }

  /** A task that Spark no longer wants ends at its next step. */
  private ImageBatch next(TrainingReaders.RoundReader reader) {
    if (context.isInterrupted()) {
      throw new TaskKilledException("worker %d was told to stop".formatted(worker));
    }
    return reader.next();
  }
}
