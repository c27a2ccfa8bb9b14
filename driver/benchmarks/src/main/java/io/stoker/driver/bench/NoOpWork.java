// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.bench;

import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import java.util.Deque;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.function.IntConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;

/**
 * A round whose steps compute nothing, on vectors that stay on their executor.
 *
 * @param workers how many workers
 * @param parameters how many parameters
 * @param steps how long a worker waits in place of computing
 */
record NoOpWork(int workers, int parameters, WaitingSteps steps) implements RoundWork {
  /** The weight of each worker. */
  static final int EXAMPLES = 64;

  private static final Deque<NoOpVectors> IDLE = new ConcurrentLinkedDeque<>();

  private record NoOpPart(NoOpVectors vectors, WaitingSteps steps) implements Part {
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
      IDLE.push(vectors);
    }
  }

  /** Borrows idle vectors, or makes some, until the task ends. */
  static NoOpVectors borrow(int parameters, TaskContext context) {
    NoOpVectors vectors = take(parameters);
    context.addTaskCompletionListener((TaskCompletionListener) ended -> IDLE.push(vectors));
    return vectors;
  }

  private static NoOpVectors take(int parameters) {
    NoOpVectors idle = IDLE.poll();
    return idle != null && idle.size() == parameters ? idle : new NoOpVectors(parameters);
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return new NoOpPart(take(parameters), steps);
  }

  @Override
  public Part beginAfter(Part before) {
    return new NoOpPart(((NoOpPart) before).vectors(), steps);
  }
}
