// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.command.Console;
import io.stoker.driver.command.SparkSetup;
import io.stoker.driver.command.TrainingOptions;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.RunWatches;
import io.stoker.driver.round.WatchedRun;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/** Starts what shows a run while it trains, as the options of {@code train} ask for. */
final class MonitoringOptions {
  private MonitoringOptions() {}

  /**
   * Starts the observers that the options ask for, and prints where the page is.
   *
   * @param existing whether the job goes on with a run that is there
   * @return to be closed by the caller
   * @throws io.stoker.failure.StokerException if the port is taken, or the folder cannot be written
   */
  static TrainingListeners start(
      TrainingOptions options, TrainingConfig config, ExistingRun existing, Console console) {
    Optional<String> tensorboard = options.given("tensorboard");
    Configuration hadoop = SparkSetup.hadoop();
    tensorboard.ifPresent(folder -> OutputFolder.check("--tensorboard", folder, hadoop));
    Optional<Dashboard> page =
        options
            .<Integer>given("dashboard")
            .map(port -> Dashboard.ofNewRun(config.run(), port, hadoop));
    page.ifPresent(started -> console.say("dashboard: " + started.url()));
    return new TrainingListeners(
        new TrainingProgress(console),
        page,
        RunWatches.start(new WatchedRun(config, existing, tensorboard, hadoop)));
  }
}
