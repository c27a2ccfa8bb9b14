// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.OptionalInt;

/**
 * Workers wait for the result of each round, and begin the next one with it. So a task that begins
 * again needs no values of its own, and begins with the latest round whose slices are still there.
 * So does one that is late in a round with a quorum.
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
    while (true) {
      OptionalInt first = exchange.firstRound();
      if (first.isEmpty()) {
        return worker.absentAtTheEnd();
      }
      if (first.getAsInt() == 0) {
        return worker.beginFirst();
      }
      RoundExecution round = worker.begin(first.getAsInt());
      try {
        exchange.load(round);
        return round;
      } catch (LateException e) {
        round.giveUp();
      }
    }
  }

  @Override
  public RoundExecution next(RoundExecution done) {
    RoundExecution next;
    try {
      next = average(done);
    } catch (LateException e) {
      exchange.leave(done.round());
      next = first();
    }
    next.train();
    return next;
  }

  private RoundExecution average(RoundExecution done) {
    long start = System.nanoTime();
    try {
      exchange.publish(done);
    } catch (LateException e) {
      done.giveUp();
      throw e;
    }
    exchange.awaitPieces(done.end((System.nanoTime() - start) / 1e9));
    RoundExecution next = worker.begin(done.round() + 1);
    try {
      exchange.loadResults(next);
      return next;
    } catch (LateException e) {
      next.giveUp();
      throw e;
    }
  }
}
