// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.tensorboard.TensorBoardLog;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;

/** Options of {@code train} that show a run while it trains. */
final class MonitoringOptions {
  @Option(
      names = "--dashboard",
      paramLabel = "PORT",
      arity = "0..1",
      fallbackValue = "" + Dashboard.PORT,
      description =
          "Serve a web page that follows the run while it trains, on this machine only (default"
              + " port: ${FALLBACK-VALUE}).")
  private Integer dashboard;

  @Option(
      names = "--tensorboard",
      paramLabel = "DIR",
      description =
          "Write event files for TensorBoard into this folder: scalars of each round, histograms of"
              + " the weights and the first layer's filters at each checkpoint, and samples; a"
              + " URI.")
  private String tensorboard;

  /**
   * Starts the observers that the options ask for, and prints where the page is.
   *
   * @return to be closed by the caller
   * @throws io.stoker.failure.StokerException if the port is taken, or the folder cannot be written
   */
  TrainingListeners start(TrainingConfig config, Console console) {
    Configuration hadoop = SparkSetup.hadoop();
    if (tensorboard != null) {
      OutputFolder.check("--tensorboard", tensorboard, hadoop);
    }
    Optional<Dashboard> page =
        Optional.ofNullable(dashboard).map(port -> Dashboard.ofNewRun(config.run(), port, hadoop));
    page.ifPresent(started -> console.say("dashboard: " + started.url()));
    return new TrainingListeners(
        new TrainingProgress(console),
        page,
        Optional.ofNullable(tensorboard)
            .map(folder -> TensorBoardLog.in(folder, config.data().uri(), hadoop)));
  }
}
