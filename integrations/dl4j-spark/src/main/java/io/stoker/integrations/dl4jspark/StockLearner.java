// SPDX-License-Identifier: Apache-2.0
package io.stoker.integrations.dl4jspark;

import io.stoker.models.engine.BatchScore;
import io.stoker.models.engine.ParameterVectors;
import java.nio.FloatBuffer;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import org.apache.spark.util.TaskFailureListener;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Steps of Deeplearning4j's own {@code fit}, on networks that stay in their executor. The updater's
 * state travels after the parameters, as part of one vector.
 *
 * @param graph whether it is a graph
 * @param json its configuration
 * @param layout the examples
 * @param withUpdater whether the updater's state travels; else it is zero as a round begins
 * @param iteration the round's first step, as Deeplearning4j counts them
 */
record StockLearner(
    boolean graph, String json, ExampleLayout layout, boolean withUpdater, int iteration)
    implements Learner {
  private static final Deque<Resident> IDLE = new ConcurrentLinkedDeque<>();

  /** ND4J takes a seed of 0 for a wish for the time of day. */
  private static final long SEED_FOR_ZERO = 0x5eed;

  private record Resident(String json, StockNetwork network) {}

  @Override
  public Borrowed borrow(TaskContext context) {
    Steps steps = new Steps(take());
    context.addTaskFailureListener((TaskFailureListener) (ended, failure) -> steps.discard());
    context.addTaskCompletionListener((TaskCompletionListener) ended -> steps.giveBack());
    return steps;
  }

  /** Takes an idle network of this configuration; one of another job makes room. */
  private Resident take() {
    for (Resident idle = IDLE.poll(); idle != null; idle = IDLE.poll()) {
      if (idle.json().equals(json)) {
        return idle;
      }
      idle.network().close();
    }
    return new Resident(json, StockNetwork.fromJson(graph, json));
  }

  private final class Steps implements Borrowed, ParameterVectors {
    private final Resident resident;
    private final StockNetwork stock;
    private boolean returned;

    Steps(Resident resident) {
      this.resident = resident;
      this.stock = resident.network();
    }

    @Override
    public void giveBack() {
      if (!returned) {
        returned = true;
        IDLE.push(resident);
      }
    }

    /** Has it closed: a call of it failed. */
    void discard() {
      if (!returned) {
        returned = true;
        stock.close();
      }
    }

    @Override
    public ParameterVectors vectors() {
      return this;
    }

    @Override
    public BatchScore step(List<float[]> examples, int step, long dropoutSeed) {
      Nd4j.getRandom().setSeed(dropoutSeed == 0 ? SEED_FOR_ZERO : dropoutSeed);
      stock.setIteration(iteration + step);
      stock.fit(layout.batch(examples));
      return new BatchScore(stock.model().score() * examples.size(), 0, examples.size());
    }

    @Override
    public void readParameters(long offset, FloatBuffer target) {
      stock.read(offset, target);
    }

    @Override
    public void writeParameters(long offset, FloatBuffer source) {
      stock.write(offset, source);
    }

    @Override
    public void resetUpdaterState() {
      if (!withUpdater) {
        stock.updaterState().ifPresent((INDArray state) -> state.assign(0));
      }
    }

    @Override
    public void readUpdaterState(long offset, FloatBuffer target) {
      throw unasked();
    }

    @Override
    public void writeUpdaterState(long offset, FloatBuffer source) {
      throw unasked();
    }

    private UnsupportedOperationException unasked() {
      return new UnsupportedOperationException("Deeplearning4j's own fit does all of a step");
    }
  }
}
