// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.cluster.Processor;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.failure.InputException;
import io.stoker.models.engine.ConvolutionAlgorithm;
import io.stoker.models.engine.Precision;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Jobs with Winograd convolutions and in bf16. */
@Exact
@Tag("slow")
class ArithmeticTest {
  /** Its second convolution is Winograd's in fp32; that, and its first dense layer, are in bf16. */
  private static final String MODEL =
      """
      name: wide
      input: [8, 8, 1]
      layers:
        - conv: {filters: 16, kernel: 3, padding: 1}
        - relu
        - conv: {filters: 32, kernel: 3, padding: 1}
        - relu
        - max-pool: {kernel: 2}
        - dense: 64
        - relu
        - dense: classes
      """;

  @TempDir static Path folder;

  private static TinyJob job;
  private JavaSparkContext spark;

  @BeforeAll
  static void write() throws IOException {
    job = TinyJob.in(folder);
    Files.writeString(folder.resolve("wide.yaml"), MODEL);
  }

  @BeforeEach
  void start() {
    Instructions.AVX512_BF16.assume();
    spark = LocalSpark.start("local[2]");
  }

  @AfterEach
  void stop() {
    if (spark != null) {
      spark.close();
    }
  }

  private static TrainingConfig.Builder config(String run) {
    return job.config(run)
        .model(folder.resolve("wide.yaml").toString())
        .workers(3)
        .checkpointEvery(2);
  }

  @ParameterizedTest
  @EnumSource(names = {"FP32", "BF16"})
  void theSameBitsOnAnyNumberOfSlotsAndAfterAnInterruption(Precision precision) {
    TrainingConfig.Builder interrupted = config("interrupted-" + precision).precision(precision);
    String two =
        TinyJob.train(spark, config("two-" + precision).precision(precision)).parametersSha256();
    TinyJob.stop(spark, interrupted, 3);
    spark.close();
    spark = LocalSpark.start("local[1]");

    assertThat(TinyJob.resume(spark, interrupted).parametersSha256()).isEqualTo(two);
    assertThat(
            TinyJob.train(spark, config("one-" + precision).precision(precision))
                .parametersSha256())
        .isEqualTo(two);
  }

  @Test
  void theChoiceIsRecordedAndHeldOnResume() throws IOException {
    TrainingConfig.Builder auto = config("auto").epochs(1);
    String fast = TinyJob.train(spark, auto).parametersSha256();
    TrainingConfig.Builder direct =
        config("direct").epochs(1).convolution(ConvolutionAlgorithm.DIRECT);
    String exact = TinyJob.train(spark, direct).parametersSha256();

    assertThat(fast).isNotEqualTo(exact);
    assertThat(record("auto")).contains("\"convolution\" : \"winograd\"", "oneDNN 2.5.2, AVX-512");
    assertThat(record("direct")).doesNotContain("\"convolution\"");
    assertThatThrownBy(
            () ->
                TinyJob.resume(
                    spark, config("auto").epochs(2).convolution(ConvolutionAlgorithm.DIRECT)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "convolution: direct here, winograd in the run (resume it with --convolution"
                + " winograd)");
    assertThatThrownBy(
            () -> TinyJob.resume(spark, config("auto").epochs(2).precision(Precision.BF16)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(
            "precision: bf16 here, fp32 in the run (resume it with --precision fp32)");
    // A run without the key was begun by a release that had direct convolutions only.
    TrainResult longer = TinyJob.resume(spark, config("direct").epochs(2));
    assertThat(longer.parametersSha256())
        .isEqualTo(
            TinyJob.train(
                    spark,
                    config("direct-longer").epochs(2).convolution(ConvolutionAlgorithm.DIRECT))
                .parametersSha256());
  }

  /** As {@link PinnedHashesTest} has them for direct convolutions in fp32. */
  @Test
  void theBitsAreThoseThatWereRecordedOnce() {
    String kind = Processor.here().kind();
    Map<String, String> bf16 =
        Map.of(
            "AVX-512", "bd1e1d4213b33edb897361e2969c29c1693f9610cb8e33554afff9eab2ffd11f",
            "AVX-512 with AMX", "5eaf9bf9368c6cb60aeacd3e98ae6d7fa506bf487087b99374f5ec4edc7db457");
    assertThat(bf16).as("hashes recorded with AVX-512").containsKey(kind);
    assertThat(
            List.of(
                TinyJob.train(spark, config("pinned")).parametersSha256(),
                TinyJob.train(
                        spark,
                        config("pinned-bf16")
                            .precision(Precision.BF16)
                            .convolution(ConvolutionAlgorithm.DIRECT)) // not rounded on AMX
                    .parametersSha256()))
        .as("Winograd in fp32, then bf16")
        .containsExactly(
            "56e3d6d9bf440fc69177a31159096feb68e988de19adcea264331e2cb1979807", bf16.get(kind));
  }

  private static String record(String run) throws IOException {
    return Files.readString(folder.resolve(run).resolve("run.json"));
  }
}
