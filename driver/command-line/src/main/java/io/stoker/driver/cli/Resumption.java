// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.checkpoint.Locations;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.round.RoundListener;
import io.stoker.models.file.TrainingClock;

/** Knows what {@code --resume} could go on from if a training were stopped now. */
final class Resumption implements RoundListener {
  private volatile String text = "; nothing was trained yet";

  @Override
  public void started(JobPlan plan, TrainingClock clock) {
    text =
        clock.round() > 0
            ? goingOn("that of round " + clock.round())
            : "; no checkpoint was complete yet: the same command with --resume begins again";
  }

  @Override
  public void checkpointWritten(String uri) {
    text = goingOn(Locations.plain(uri));
  }

  private static String goingOn(String checkpoint) {
    return "; the last checkpoint, %s, is complete: the same command with --resume goes on"
        .formatted(checkpoint);
  }

  /** What to say to a user who has stopped the command, after "stopped". */
  String text() {
    return text;
  }
}
