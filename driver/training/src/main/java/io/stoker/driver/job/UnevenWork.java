// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.job;

import io.stoker.worker.runtime.RoundTask;
import io.stoker.worker.runtime.RoundWork;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;

/**
 * A round whose workers take different numbers of steps. A worker with fewer steps than the round
 * takes the first ones, and leaves out the examples of the others.
 *
 * @param task the round
 * @param steps how many steps each worker takes
 */
public record UnevenWork(RoundTask task, List<Integer> steps) implements RoundWork {
  public UnevenWork {
    steps = List.copyOf(steps);
  }

  @Override
  public int workers() {
    return task.workers();
  }

  @Override
  public int stepCount() {
    return task.stepCount();
  }

  @Override
  public long globalStep() {
    return task.globalStep();
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return task.shortened(steps.get(worker)).begin(worker, hadoop, context);
  }
}
