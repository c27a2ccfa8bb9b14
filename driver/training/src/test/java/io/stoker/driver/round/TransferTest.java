// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.models.file.ModelMetadata;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From bars of four classes to bars of three. */
class TransferTest {
  /** Of the convolution and the first dense layer: 30, and 20 + 48 x 20. */
  private static final int BODY = 30 + 20 + 48 * 20;

  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;
  private static String trained;
  private static float[] before;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    TinyShards.write(Files.createDirectory(folder.resolve("three")), List.of(90, 70), 20, 3);
    spark = LocalSpark.start("local[2]");
    trained =
        TrainJob.run(
                spark,
                job.config("base").epochs(20).learningRate(0.1).build(),
                ExistingRun.REFUSE,
                RoundListener.NONE)
            .checkpoint();
    before = TinyJob.parameters(trained);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @Test
  void givesOtherClassesANewHead() {
    TrainResult still = transfer("still", config -> config.epochs(1).learningRate(Float.MIN_VALUE));
    float[] parameters = TinyJob.parameters(still.run());

    assertThat(parameters).hasSize(BODY + 3 + 20 * 3);
    assertThat(Arrays.copyOf(parameters, BODY)).isEqualTo(Arrays.copyOf(before, BODY));
    assertThat(transfer("tuned", config -> config).accuracy()).isGreaterThan(0.9);
  }

  @Test
  @Exact
  void leavesFrozenLayersAsTheyAre() {
    TrainResult frozen = transfer("frozen", config -> config.freeze("dense 20"));
    float[] parameters = TinyJob.parameters(frozen.run());

    assertThat(Arrays.copyOf(parameters, BODY)).isEqualTo(Arrays.copyOf(before, BODY));
    assertThat(frozen.accuracy()).isGreaterThan(0.9);
    String byNumber = transfer("by-number", config -> config.freeze("4")).parametersSha256();
    assertThat(byNumber).isEqualTo(frozen.parametersSha256());
    String whole =
        transfer("whole", config -> config.freeze("4").set("slice_bytes", 1 << 20))
            .parametersSha256();
    assertThat(whole).isEqualTo(frozen.parametersSha256());
  }

  @Test
  void doesNotSendFrozenLayers() throws TimeoutException {
    AtomicLong shuffled = new AtomicLong();
    SparkListener counter =
        new SparkListener() {
          @Override
          public void onTaskEnd(SparkListenerTaskEnd end) {
            shuffled.addAndGet(end.taskMetrics().shuffleWriteMetrics().bytesWritten());
          }
        };
    spark.sc().addSparkListener(counter);
    transfer("all-travel", config -> config.epochs(1));
    long all = drain(shuffled);
    transfer("head-travels", config -> config.epochs(1).freeze("4"));
    long head = drain(shuffled);
    spark.sc().removeSparkListener(counter);

    assertThat(head).isPositive().isLessThan(all / 4);
  }

  private static long drain(AtomicLong counter) throws TimeoutException {
    spark.sc().listenerBus().waitUntilEmpty(60_000);
    return counter.getAndSet(0);
  }

  @Test
  @Exact
  void resumesWithFrozenLayers() {
    UnaryOperator<TrainingConfig.Builder> base =
        config -> config.epochs(4).freeze("4").set("outer_momentum", 0.5).checkpointEvery(2);
    String undisturbed = transfer("undisturbed", base).parametersSha256();
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    base.apply(config("stopped")).build(),
                    ExistingRun.REFUSE,
                    TinyJob.stoppingAfter(5)))
        .hasMessage("stopped");

    TrainResult resumed =
        TrainJob.run(
            spark, base.apply(config("stopped")).build(), ExistingRun.RESUME, RoundListener.NONE);

    assertThat(resumed.parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  @Exact
  void normalisesAsTheInitialModelDoesOnRequest() throws IOException {
    String initial = withOtherMean();
    UnaryOperator<TrainingConfig.Builder> likeInitial =
        config ->
            config
                .init(initial)
                .epochs(4)
                .normalization(NormalizationSource.INIT)
                .checkpointEvery(2);
    TrainResult own =
        transfer("own-mean", config -> config.init(initial).epochs(4).checkpointEvery(2));
    TrainResult its = transfer("its-mean", likeInitial);

    assertThat(metadata(own.run()).mean()).isEqualTo(metadata(trained).mean());
    assertThat(metadata(its.run()).mean()).containsExactly(50.0);
    assertThat(metadata(its.run()).standardDeviation()).containsExactly(25.0);
    assertThat(its.parametersSha256()).isNotEqualTo(own.parametersSha256());
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    spark,
                    likeInitial.apply(config("its-mean-again")).build(),
                    ExistingRun.REFUSE,
                    TinyJob.stoppingAfter(5)))
        .hasMessage("stopped");
    TrainResult resumed =
        TrainJob.run(
            spark,
            likeInitial.apply(config("its-mean-again")).build(),
            ExistingRun.RESUME,
            RoundListener.NONE);
    assertThat(resumed.parametersSha256()).isEqualTo(its.parametersSha256());
  }

  /** The trained model, of images that were normalised by other numbers than the data's. */
  private static String withOtherMean() throws IOException {
    ModelMetadata metadata = metadata(trained);
    Path file = folder.resolve("other-mean.zip");
    try (OutputStream stream = Files.newOutputStream(file)) {
      ModelFileWriter.of(
              new ModelMetadata(
                  metadata.model(),
                  metadata.classNames(),
                  List.of(50.0),
                  List.of(25.0),
                  metadata.clock()),
              new StepSettings(0.1f, 0, 0),
              (offset, target) -> target.put(before, (int) offset, target.remaining()))
          .write(stream);
    }
    return file.toString();
  }

  private static ModelMetadata metadata(String checkpoint) {
    return ModelFiles.open(checkpoint, new Configuration()).metadata();
  }

  @Test
  void saysWhatCannotBeTransferred() {
    assertThatThrownBy(() -> transfer("alien", config -> config.model("perceptron")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("model tiny (8 x 8 x 1, 4 classes)")
        .hasMessageContaining("model perceptron (8 x 8 x 1, 3 classes)");
    assertThatThrownBy(() -> transfer("headless", config -> config.freeze("6")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "Cannot freeze layer 6 of model tiny: no layer with parameters comes after");
    assertThatThrownBy(() -> transfer("nameless", config -> config.freeze("dense 21")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'dense 20'?");
    assertThat(job.run("alien")).doesNotExist();
  }

  private static TrainingConfig.Builder config(String run) {
    return job.config(run)
        .data(folder.resolve("three").toString())
        .init(trained)
        .epochs(10)
        .learningRate(0.1);
  }

  private static TrainResult transfer(String run, UnaryOperator<TrainingConfig.Builder> change) {
    return TrainJob.run(
        spark, change.apply(config(run)).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }
}
