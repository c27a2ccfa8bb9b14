// SPDX-License-Identifier: Apache-2.0
package io.stoker.worker.runtime;

import io.stoker.worker.sgd.RoundSteps;
import io.stoker.worker.sgd.StepSchedule;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;

/**
 * The work of all workers in a round of a training job: their local steps.
 *
 * @param replica the network
 * @param data the batches
 * @param schedule the settings of each step
 * @param round the round, from 0
 * @param epoch the round's epoch, from 0
 * @param firstStep the round's first step within the epoch
 * @param steps how many steps
 * @param globalStep the round's first step since the job began
 */
public record RoundTask(
    ReplicaKey replica,
    TrainingData data,
    StepSchedule schedule,
    int round,
    int epoch,
    long firstStep,
    int steps,
    long globalStep)
    implements RoundWork {
  @Override
  public int workers() {
    return data.workers();
  }

  @Override
  public int stepCount() {
    return steps;
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return WorkerRound.begin(this, worker, hadoop, context);
  }

  @Override
  public Part beginAfter(Part before) {
    return ((WorkerRound) before).next(this);
  }

  /** The first steps of this work. */
  public RoundTask shortened(int most) {
    return new RoundTask(
        replica, data, schedule, round, epoch, firstStep, Math.min(most, steps), globalStep);
  }

  RoundSteps localSteps(int worker) {
    return new RoundSteps(data.order().seed(), round, worker, globalStep, steps);
  }
}
