// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.cli;

import io.stoker.data.storage.OutputFolder;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.mlflow.MlflowLog;
import io.stoker.driver.report.Dashboard;
import io.stoker.driver.round.ExistingRun;
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

  @Option(
      names = "--mlflow",
      paramLabel = "URI",
      description =
          "Log options, each round, the report and the checkpoint's location to this MLflow"
              + " tracking server, such as http://127.0.0.1:5000. A server that fails does not end"
              + " the training. With --resume, the same MLflow run goes on (default: the run's;"
              + " none for a new one).")
  private String mlflow;

  /** The job with the server that the options name, if they do. */
  TrainingConfig over(TrainingConfig config) {
    return mlflow == null ? config : config.toBuilder().mlflow(mlflow).build();
  }

  /**
   * Starts the observers that the options ask for, and prints where the page is.
   *
   * @param existing whether the job goes on with a run that is there
   * @return to be closed by the caller
   * @throws io.stoker.failure.StokerException if the port is taken, or the folder cannot be written
   */
  TrainingListeners start(TrainingConfig config, ExistingRun existing, Console console) {
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
            .map(folder -> TensorBoardLog.in(folder, config.data().uri(), hadoop)),
        MlflowLog.of(config, existing, hadoop));
  }
}
