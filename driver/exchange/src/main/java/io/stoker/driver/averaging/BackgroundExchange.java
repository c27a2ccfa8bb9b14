// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import io.stoker.driver.slice.Correction;
import io.stoker.driver.spark.TaskThread;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Workers go on from their own values, and exchange the pieces of a round on a second thread of
 * their tasks while they take the first steps of the next round. This thread uses the blocks of the
 * stage, and the worker's own the network.
 */
final class BackgroundExchange implements RoundExchange {
  private final TrainStageRdd.Worker worker;
  private final SliceExchange exchange;
  private final Correction correction;
  private final TaskThread thread;

  BackgroundExchange(TrainStageRdd.Worker worker) {
    this.worker = worker;
    this.exchange = worker.exchange();
    this.correction = new Correction(worker.average());
    this.thread = new TaskThread(worker.context(), "stoker-exchange-" + worker.number());
  }

  @Override
  public RoundExecution first() {
    RoundExecution first = worker.beginFirst();
    exchange.firstRound(); // The worker must not have begun before: its own values would be lost.
    return first;
  }

  @Override
  public RoundExecution next(RoundExecution done) {
    long start = System.nanoTime();
    exchange.publish(done);
    TaskReport report = done.report((System.nanoTime() - start) / 1e9);
    Future<?> results = thread.start(Executors.callable(() -> exchange(report)));
    return worker.trainOn(done, next -> correct(next, results));
  }

  private void exchange(TaskReport done) {
    exchange.awaitPieces(done);
    exchange.exchangeResults(done.round(), (slice, content) -> {});
  }

  private void correct(RoundExecution next, Future<?> results) {
    long start = System.nanoTime();
    TaskThread.result(results);
    exchange.correct(next, correction, start);
  }
}
