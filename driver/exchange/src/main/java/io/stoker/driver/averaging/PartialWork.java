// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.models.engine.ParameterVectors;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measurements;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.TaskContext;

/**
 * A round whose members are known before it is trained. The other workers have nothing to do: they
 * deliver pieces without weight, as workers do that see no example.
 *
 * @param work what the other workers do
 * @param absent the workers without work, in their order
 */
public record PartialWork(RoundWork work, List<Integer> absent) implements RoundWork {
  /** What an absent worker does. It has no network. */
  static final Part NOTHING =
      new Part() {
        @Override
        public ParameterVectors vectors() {
          throw new UnsupportedOperationException("A worker that is absent has no network");
        }

        @Override
        public Measurements train() {
          return Measurements.sum(List.of());
        }

        @Override
        public void close() {}
      };

  public PartialWork {
    absent = List.copyOf(absent);
  }

  /** A round without some workers; the round itself if there are none. */
  public static RoundWork of(RoundWork work, List<Integer> absent) {
    return absent.isEmpty() || work instanceof PartialWork ? work : new PartialWork(work, absent);
  }

  /** A round that does not end without all workers. */
  public static RoundWork ofAll(RoundWork work) {
    return new PartialWork(work, List.of());
  }

  @Override
  public int workers() {
    return work.workers();
  }

  @Override
  public int stepCount() {
    return work.stepCount();
  }

  @Override
  public long globalStep() {
    return work.globalStep();
  }

  @Override
  public List<Dependency<?>> reads() {
    return work.reads();
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return absent.contains(worker) ? NOTHING : work.begin(worker, hadoop, context);
  }
}
