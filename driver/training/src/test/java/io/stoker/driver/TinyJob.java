// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.metrics.RoundMetrics;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.RoundListeners;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.ModelFiles;
import io.stoker.models.spec.ModelSpec;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;

/** A job that takes a second: small images in five shards, a model of 1,094 parameters. */
public final class TinyJob {
  private static final String MODEL =
      """
      name: tiny
      input: [8, 8, 1]
      layers:
        - conv: {filters: 3, kernel: 3, padding: 1}
        - relu
        - max-pool: {kernel: 2}
        - dense: 20
        - tanh
        - dense: classes
      """;

  private static final String NORMALIZED =
      """
      name: normalized
      input: [8, 8, 1]
      layers:
        - conv: {filters: 3, kernel: 3, padding: 1}
        - batch-norm
        - relu
        - dense: classes
      """;

  private final Path folder;

  private TinyJob(Path folder) {
    this.folder = folder;
  }

  /**
   * Writes its data, 271 images, and its model.
   *
   * @param folder an empty folder
   */
  public static TinyJob in(Path folder) {
    return in(folder, List.of(61, 40, 83, 57, 30));
  }

  /**
   * Writes its data and model.
   *
   * @param folder an empty folder
   * @param images how many images each shard of the training data has
   */
  public static TinyJob in(Path folder, List<Integer> images) {
    try {
      Files.writeString(folder.resolve("tiny.yaml"), MODEL);
      Files.writeString(folder.resolve("normalized.yaml"), NORMALIZED);
      TinyShards.write(Files.createDirectory(folder.resolve("data")), images, 50);
      return new TinyJob(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The folder of shards. */
  public Path data() {
    return folder.resolve("data");
  }

  /** Where a run of that name is. */
  public Path run(String name) {
    return folder.resolve(name);
  }

  /** A model with running statistics, for the same data. */
  public String normalized() {
    return folder.resolve("normalized.yaml").toString();
  }

  /** Two workers, six rounds of two epochs, slices of a kilobyte. */
  public TrainingConfig.Builder config(String run) {
    return TrainingConfig.builder()
        .data(data().toString())
        .run(run(run).toString())
        .model(folder.resolve("tiny.yaml").toString())
        .workers(2)
        .batch(16)
        .localSteps(3)
        .epochs(2)
        .learningRate(0.05)
        .schedule(new LearningRateSchedule.Constant(0))
        .set("slice_bytes", 1024)
        .seed(3);
  }

  /** Trains where there is no run yet. */
  public static TrainResult train(JavaSparkContext spark, TrainingConfig.Builder config) {
    return TrainJob.run(spark, config.build(), ExistingRun.REFUSE, RoundListener.NONE);
  }

  /** Trains where there is no run yet, and fails after a round. */
  public static void stop(JavaSparkContext spark, TrainingConfig.Builder config, int round) {
    assertThatThrownBy(
            () -> TrainJob.run(spark, config.build(), ExistingRun.REFUSE, stoppingAfter(round)))
        .hasMessage("stopped");
  }

  /** Goes on with a run. */
  public static TrainResult resume(JavaSparkContext spark, TrainingConfig.Builder config) {
    return TrainJob.run(spark, config.build(), ExistingRun.RESUME, RoundListener.NONE);
  }

  /** Ends a job with a failure, "stopped", after a round. */
  public static RoundListeners stoppingAfter(int round) {
    return RoundListeners.required(
        new RoundListener() {
          @Override
          public void roundFinished(RoundMetrics metrics) {
            if (metrics.round() == round) {
              throw new IllegalStateException("stopped");
            }
          }
        });
  }

  /** The parameters of a run's newest checkpoint. */
  public static float[] parameters(String checkpoint) {
    return parameters(checkpoint, ParameterChoice.BEST);
  }

  /** The model of a run's newest checkpoint. */
  public static ModelSpec model(String checkpoint) {
    return ModelFiles.open(checkpoint, new Configuration()).metadata().model();
  }

  /** Some of the parameters of a run's newest checkpoint. */
  public static float[] parameters(String checkpoint, ParameterChoice choice) {
    Configuration hadoop = new Configuration();
    StoredModel stored = ModelFiles.open(checkpoint, choice, hadoop);
    float[] parameters = new float[(int) stored.metadata().model().parameterCount()];
    stored.copyParameters(
        (offset, source) -> source.get(parameters, (int) offset, source.remaining()), hadoop);
    return parameters;
  }
}
