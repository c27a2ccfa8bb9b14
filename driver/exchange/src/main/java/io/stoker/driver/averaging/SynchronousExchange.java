// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

/**
 * Workers wait for the result of each round, and begin the next one with it. So a task that begins
 * again needs no values of its own, and begins with the latest round whose slices are still there.
 */
final class SynchronousExchange implements RoundExchange {
  private final TrainStageRdd.Worker worker;
  private final SliceExchange exchange;

  SynchronousExchange(TrainStageRdd.Worker worker) {
    this.worker = worker;
    this.exchange = worker.exchange();
  }

  @Override
  public RoundExecution first() {
    int first = exchange.firstRound();
    if (first == 0) {
      return worker.beginFirst();
    }
    RoundExecution round = worker.begin(first);
    exchange.load(round);
    return round;
  }

  @Override
  public RoundExecution next(RoundExecution done) {
    long start = System.nanoTime();
    exchange.publish(done);
    exchange.awaitPieces(done.end((System.nanoTime() - start) / 1e9));
    RoundExecution next = worker.begin(done.round() + 1);
    exchange.loadResults(next);
    next.train();
    return next;
  }
}
