package io.stoker.driver.bench;

import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.LocalResult;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A round of no steps, on networks that stay in their executor.
 *
 * @param workers how many workers
 * @param parameters how many parameters
 */
record StillWork(int workers, int parameters) implements RoundWork {
  /** Each worker's weight. */
  static final int EXAMPLES = 64;

  private static final Deque<StillNetwork> IDLE = new ConcurrentLinkedDeque<>();

  private record Still(StillNetwork network) implements Part {
    @Override
    public boolean isFirstOfReplica() {
      return false;
    }

    @Override
    public LocalResult train() {
      return new LocalResult(EXAMPLES, 0, 0, 0, 0);
    }

    @Override
    public void close() {
      IDLE.push(network);
    }
  }

  /** Borrows a resident network until the task ends. */
  static StillNetwork borrow(int parameters, TaskContext context) {
    StillNetwork network = take(parameters);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> IDLE.push(network));
    return network;
  }

  private static StillNetwork take(int parameters) {
    StillNetwork idle = IDLE.poll();
    return idle != null && idle.size() == parameters ? idle : new StillNetwork(parameters);
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return new Still(take(parameters));
  }
}
