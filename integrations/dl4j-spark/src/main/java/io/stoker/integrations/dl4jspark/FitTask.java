// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ParameterVectors;
import io.stoker.worker.runtime.RoundWork;
import io.stoker.worker.sgd.Measure;
import io.stoker.worker.sgd.Measurements;
import io.stoker.worker.sgd.RoundSteps;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.Dependency;
import org.apache.spark.NarrowDependency;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import scala.Tuple2;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * What all workers do in one round: steps on the examples of their parts.
 *
 * @param plan which those are
 * @param parts the examples
 * @param learner takes the steps
 * @param round the round, from 0
 * @param seed decides which units are dropped
 */
record FitTask(
    FitPlan plan, RDD<Tuple2<Integer, float[]>> parts, Learner learner, int round, long seed)
    implements RoundWork {
  @Override
  public int workers() {
    return plan.workers();
  }

  /** Each worker reads its part. */
  @Override
  public List<Dependency<?>> reads() {
    return List.of(new PartOfWorker(parts, plan, round));
  }

  private static final class PartOfWorker extends NarrowDependency<Tuple2<Integer, float[]>> {
    private static final long serialVersionUID = 1L;

    private final FitPlan plan;
    private final int round;

    PartOfWorker(RDD<Tuple2<Integer, float[]>> parts, FitPlan plan, int round) {
      super(parts);
      this.plan = plan;
      this.round = round;
    }

    @Override
    public Seq<Object> getParents(int worker) {
      return JavaConverters.asScalaBuffer(List.<Object>of(plan.part(round, worker))).toList();
    }
  }

  @Override
  public Part begin(int worker, Configuration hadoop, TaskContext context) {
    return new Fit(worker, learner.borrow(context), context);
  }

  private final class Fit implements Part {
    private final int worker;
    private final Learner.Borrowed borrowed;
    private final TaskContext context;

    Fit(int worker, Learner.Borrowed borrowed, TaskContext context) {
      this.worker = worker;
      this.borrowed = borrowed;
      this.context = context;
    }

    @Override
    public ParameterVectors vectors() {
      return borrowed.vectors();
    }

    @Override
    public void close() {
      borrowed.giveBack();
    }

    @Override
    public Measurements train() {
      long start = System.nanoTime();
      List<List<float[]>> steps =
          PlannedExamples.steps(
              JavaConverters.asJavaIterator(
                  parts.iterator(parts.partitions()[plan.part(round, worker)], context)),
              plan,
              round);
      long ready = System.nanoTime();
      RoundSteps local =
          new RoundSteps(seed, round, worker, (long) round * plan.localSteps(), plan.steps(round));
      Measurements measured = new Measurements();
      for (int step = 0; step < steps.size(); step++) {
        context.killTaskIfInterrupted();
        if (!steps.get(step).isEmpty()) {
          BatchScore score = borrowed.step(steps.get(step), step, local.dropoutSeed(step));
          measured
              .add(Measure.EXAMPLES, score.examples())
              .add(Measure.LOSS_SUM, score.lossSum())
              .add(Measure.CORRECT, score.correct());
        }
      }
      long end = System.nanoTime();
      return measured
          .add(Measure.WAIT_SECONDS, (ready - start) / 1e9)
          .add(Measure.COMPUTE_SECONDS, (end - ready) / 1e9);
    }
  }
}
