// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.averaging;

import java.util.function.Consumer;

/** Passes on the report of each round once, however often the rounds are trained. */
final class ReportsOnce {
  private final Consumer<RoundReport> finished;
  private int passedOn;

  ReportsOnce(Consumer<RoundReport> finished) {
    this.finished = finished;
  }

  /**
   * Takes the reports of consecutive rounds.
   *
   * @param round the number of the first of them
   */
  Consumer<RoundReport> from(int round) {
    return new Consumer<>() {
      private int taken = round;

      @Override
      public void accept(RoundReport report) {
        if (taken++ == passedOn) {
          passedOn++;
          finished.accept(report);
        }
      }
    };
  }
}
