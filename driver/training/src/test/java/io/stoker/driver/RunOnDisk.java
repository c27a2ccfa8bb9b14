// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import io.stoker.driver.config.JobIdentity;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.metrics.MetricsLog;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.metrics.RoundNumber;
import io.stoker.driver.metrics.ValidationMetrics;
import io.stoker.driver.run.RunFolder;
import io.stoker.driver.run.RunRecord;
import io.stoker.models.engine.ComputeEnvironment;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/** A run folder as training leaves it, but with rounds that were never trained. */
public final class RunOnDisk {
  private static final Configuration HADOOP = new Configuration();

  private final org.apache.hadoop.fs.Path folder;

  private RunOnDisk(Path folder) {
    this.folder = new org.apache.hadoop.fs.Path(folder.toUri());
  }

  /**
   * Writes the record of a run of LeNet-5.
   *
   * @param folder a folder that is made
   * @param rounds how many it is to have
   */
  public static RunOnDisk in(Path folder, int rounds) {
    return in(
        TrainingConfig.builder().data("/data").run(folder.toString()).model("lenet5"), rounds);
  }

  /** Writes the record of a run. */
  public static RunOnDisk in(TrainingConfig.Builder builder, int rounds) {
    TrainingConfig config = builder.build();
    RunOnDisk run = new RunOnDisk(Path.of(config.run()));
    RunFolder.at(run.folder, HADOOP)
        .record(
            new RunRecord(
                new JobIdentity(config, "", ""),
                rounds,
                Map.of("stoker", "0.1.0"),
                ComputeEnvironment.NOT_RECORDED));
    return run;
  }

  /** Adds rounds up to one, each with a loss of 1 / round and a drift of 0.01 / round. */
  public RunOnDisk rounds(int from, int to) {
    try (MetricsLog log = MetricsLog.open(folder, from - 1, HADOOP, () -> {})) {
      for (int round = from; round <= to; round++) {
        log.append(round(round));
      }
    }
    return this;
  }

  /** What {@link #rounds} writes of a round. */
  public static RoundMetrics round(int round) {
    return RoundMetrics.of(Map.of(RoundNumber.ROUND, round, RoundNumber.EPOCH, 1 + round / 100))
        .with(RoundNumber.STEP, 10L * round)
        .with(RoundNumber.EXAMPLES, 640)
        .with(RoundNumber.EXAMPLES_TOTAL, 640L * round)
        .with(RoundNumber.LOSS, 1.0 / round)
        .with(RoundNumber.ACCURACY, 1 - 0.5 / round)
        .with(RoundNumber.LR, 0.01f)
        .with(RoundNumber.IMAGES_PER_SECOND, 320)
        .with(RoundNumber.DRIVER_BYTES, 9000)
        .with(RoundNumber.EXECUTOR_BYTES, 500000)
        .with(RoundNumber.DRIFT, 0.01 / round)
        .with(RoundNumber.GATHER, 0.1)
        .with(RoundNumber.DATA, 0.2)
        .with(RoundNumber.COMPUTE, 1.0)
        .with(RoundNumber.SCATTER, 0.1)
        .with(RoundNumber.AVERAGE, 0.1)
        .with(RoundNumber.CHECKPOINT, 0.05)
        .with(RoundNumber.TOTAL, 2);
  }

  /** Adds a validation. */
  public RunOnDisk validation(int round, double accuracy) {
    return validation(round, accuracy, accuracy);
  }

  /** Adds a validation with another balanced accuracy. */
  public RunOnDisk validation(int round, double accuracy, double balancedAccuracy) {
    RunFolder.at(folder, HADOOP)
        .validations()
        .write(
            new ValidationMetrics(
                round,
                1,
                640L * round,
                "validation",
                100,
                accuracy,
                0.5,
                0.01,
                1,
                balancedAccuracy,
                0.5));
    return this;
  }

  /** Where it is. */
  public org.apache.hadoop.fs.Path folder() {
    return folder;
  }
}
