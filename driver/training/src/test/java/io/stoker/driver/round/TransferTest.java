// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.TinyJob;
import io.stoker.driver.config.NormalizationSource;
import io.stoker.driver.config.TrainingConfig;
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
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** From bars of four classes to bars of three. */
class TransferTest extends WholeJobs {
  /** Of the convolution and the first dense layer: 30, and 20 + 48 x 20. */
  private static final int BODY = 30 + 20 + 48 * 20;

  private static String trained;
  private static float[] before;

  @BeforeAll
  static void trainBase() throws IOException {
    TinyShards.write(Files.createDirectory(folder.resolve("three")), List.of(90, 70), 20, 3);
    trained = TinyJob.train(spark, job.config("base").epochs(20).learningRate(0.1)).checkpoint();
    before = TinyJob.parameters(trained);
  }

  @Test
  void givesOtherClassesANewHead() {
    TrainResult still = train("still", config -> config.epochs(1).learningRate(Float.MIN_VALUE));
    float[] parameters = TinyJob.parameters(still.run());

    assertThat(parameters).hasSize(BODY + 3 + 20 * 3);
    assertThat(Arrays.copyOf(parameters, BODY)).isEqualTo(Arrays.copyOf(before, BODY));
    assertThat(train("tuned", config -> config).accuracy()).isGreaterThan(0.9);
  }

  @Test
  @Exact
  void leavesFrozenLayersAsTheyAre() {
    TrainResult frozen = train("frozen", config -> config.freeze("dense 20"));
    float[] parameters = TinyJob.parameters(frozen.run());

    assertThat(Arrays.copyOf(parameters, BODY)).isEqualTo(Arrays.copyOf(before, BODY));
    assertThat(frozen.accuracy()).isGreaterThan(0.9);
    String byNumber = train("by-number", config -> config.freeze("4")).parametersSha256();
    assertThat(byNumber).isEqualTo(frozen.parametersSha256());
    String whole =
        train("whole", config -> config.freeze("4").set("slice_bytes", 1 << 20)).parametersSha256();
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
    train("all-travel", config -> config.epochs(1));
    long all = drain(shuffled);
    train("head-travels", config -> config.epochs(1).freeze("4"));
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
    assertSameBitsAfterAStop("undisturbed", 5, base);
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
        train("own-mean", config -> config.init(initial).epochs(4).checkpointEvery(2));
    TrainResult its = train("its-mean", likeInitial);

    assertThat(metadata(own.run()).mean()).isEqualTo(metadata(trained).mean());
    assertThat(metadata(its.run()).mean()).containsExactly(50.0);
    assertThat(metadata(its.run()).standardDeviation()).containsExactly(25.0);
    assertThat(its.parametersSha256()).isNotEqualTo(own.parametersSha256());
    assertThat(stopAndResume("its-mean-again", 5, likeInitial).parametersSha256())
        .isEqualTo(its.parametersSha256());
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
    assertThatThrownBy(() -> train("alien", config -> config.model("perceptron")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("model tiny (8 x 8 x 1, 4 classes)")
        .hasMessageContaining("model perceptron (8 x 8 x 1, 3 classes)");
    assertThatThrownBy(() -> train("headless", config -> config.freeze("6")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "Cannot freeze layer 6 of model tiny: no layer with parameters comes after");
    assertThatThrownBy(() -> train("nameless", config -> config.freeze("dense 21")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("did you mean 'dense 20'?");
    assertThat(job.run("alien")).doesNotExist();
  }

  @Override
  TrainingConfig.Builder config(String run) {
    return job.config(run)
        .data(folder.resolve("three").toString())
        .init(trained)
        .epochs(10)
        .learningRate(0.1);
  }
}
