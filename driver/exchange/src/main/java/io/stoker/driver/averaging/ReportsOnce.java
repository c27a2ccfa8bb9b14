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

  /** Takes the reports of rounds that are trained again from the first one on. */
  Consumer<RoundReport> fromFirst() {
    return new Consumer<>() {
      private int taken;

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
