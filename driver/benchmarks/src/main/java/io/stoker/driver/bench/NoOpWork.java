// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.models.engine.Network;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A round whose steps compute nothing, on networks that stay on their executor.
 *
 * @param workers how many workers
 * @param parameters how many parameters
 * @param steps how long a worker waits in place of computing
 */
record NoOpWork(int workers, int parameters, WaitingSteps steps) implements RoundWork {
  /** The weight of each worker. */
  static final int EXAMPLES = 64;

  private static final Deque<NoOpNetwork> IDLE = new ConcurrentLinkedDeque<>();

  private record NoOpPart(NoOpNetwork network, WaitingSteps steps) implements Part {
    /** There are no frozen parameters. */
    @Override
    public void loadFrozen(Consumer<Network> loader) {}

    @Override
    public Measurements train() {
      return train(taken -> {});
    }

    @Override
    public Measurements train(IntConsumer beforeStep) {
      steps.take(beforeStep);
      return new Measurements()
          .add(Measure.EXAMPLES, EXAMPLES)
          .add(Measure.COMPUTE_SECONDS, steps.seconds());
    }

    @Override
    public void close() {
      IDLE.push(network);
    }
  }

  /** Borrows an idle network, or makes one, until the task ends. */
  static NoOpNetwork borrow(int parameters, TaskContext context) {
    NoOpNetwork network = take(parameters);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> IDLE.push(network));
    return network;
  }

  private static NoOpNetwork take(int parameters) {
    NoOpNetwork idle = IDLE.poll();
    return idle != null && idle.size() == parameters ? idle : new NoOpNetwork(parameters);
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return new NoOpPart(take(parameters), steps);
  }

  @Override
  public Part beginAfter(Part before) {
    return new NoOpPart(((NoOpPart) before).network(), steps);
  }
}
