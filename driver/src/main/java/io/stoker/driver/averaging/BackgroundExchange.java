// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.spark.TaskThread;
import java.util.List;
import java.util.concurrent.Future;
import org.apache.spark.TaskContext;

/**
 * Exchanges the pieces of a round on a thread of its own, while the worker takes the first steps of
 * the next round. This thread uses the blocks of the stage, and the worker's own the network.
 */
final class BackgroundExchange implements RoundResults {
  private final SliceExchange exchange;
  private final Correction correction;
  private final TaskThread thread;
  private Future<List<SliceReport>> averages;

  /**
   * @param exchange how workers exchange pieces; has begun
   * @param average how the slices are cut and averaged
   * @param worker the worker
   * @param context the task's
   */
  BackgroundExchange(
      SliceExchange exchange, SliceAverage average, int worker, TaskContext context) {
    this.exchange = exchange;
    this.correction = new Correction(average);
    this.thread = new TaskThread(context, "stoker-exchange-" + worker);
  }

  @Override
  public void take(RoundExecution done) {
    long start = System.nanoTime();
    exchange.publish(done);
    TaskReport report = done.report((System.nanoTime() - start) / 1e9);
    averages = thread.start(() -> exchange.run(report));
  }

  @Override
  public void correct(RoundExecution next) {
    long start = System.nanoTime();
    List<SliceReport> reports = TaskThread.result(averages);
    exchange.correct(next, correction);
    exchange.loaded(next, start, reports);
  }
}
