// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.driver.command.Console;
import io.stoker.driver.command.Line;
import io.stoker.driver.config.Preset;
import io.stoker.driver.job.JobPlan;
import io.stoker.driver.round.RoundListener;
import io.stoker.models.file.TrainingClock;

/** Says, when a training begins, that the epochs of its preset are few steps of its data. */
record PresetAdvice(Preset preset, long samples, Console console) implements RoundListener {
  @Override
  public void started(JobPlan plan, TrainingClock done) {
    if (done.round() == 0 && preset.isShortFor(samples)) {
      console.say(
          Line.of(
              "Preset %s is meant for more images: its epochs are few steps of %,d (try --epochs"
                  + " %d)",
              preset.name(), samples, preset.epochs(samples)));
    }
  }
}
