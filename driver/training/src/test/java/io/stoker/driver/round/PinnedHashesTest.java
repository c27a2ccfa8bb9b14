// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.SplitFractions;
import io.stoker.data.synth.SyntheticSource;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.LearningRateSchedule;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.config.UpdaterState;
import io.stoker.driver.slice.Wire;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Precision;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The parameters that small jobs end with, as recorded once. A change of one of these constants
 * changes the result of jobs that users have run: they can no longer be resumed or repeated.
 *
 * <p>The bits depend on the kind of processor, since oneDNN sums in another order with other vector
 * registers. The constants are those of AVX-512, with and without AMX; elsewhere the test is
 * skipped.
 */
@Exact
class PinnedHashesTest {
  private static final String OF_ZEN =
      "c824f71fb1d60eb442018f4615895a0eec18f9a0a2a4da490072365d2667d5a9";
  private static final String OF_COOPER_LAKE =
      "565cbb84fc2969d4c79ce454bd9c70b1d1b6c9e38fc2c2e1be12fc8bbd530985";

  /**
   * By the processor that OpenBLAS, with which ND4J multiplies matrices, has chosen its kernels
   * for: Prescott on models that its version 0.3.19 does not know, such as Emerald Rapids.
   */
  private static final Map<String, String> OF_STOCK_DEEPLEARNING4J =
      Map.of(
          "Zen", OF_ZEN,
          "Haswell", OF_ZEN,
          "SkylakeX", OF_COOPER_LAKE,
          "Cooperlake", OF_COOPER_LAKE,
          "Prescott", "6c9570736982b78a487e0f112543c445ea4a40feedcffca91957d67d79b2ead7");

  private static final String NORMALIZED =
      """
      name: normalized
      input: [8, 8, 1]
      layers:
        - conv: {filters: 4, kernel: 3, padding: 1}
        - batch-norm
        - relu
        - max-pool: {kernel: 2}
        - dense: classes
      """;

  @TempDir static Path folder;

  private static TinyJob job;
  private static String images;
  private static JavaSparkContext spark;

  @BeforeAll
  static void start() throws IOException {
    Instructions.AVX512.assume();
    job = TinyJob.in(folder);
    Files.writeString(folder.resolve("normalized.yaml"), NORMALIZED);
    spark = LocalSpark.start("local[2]");
    images = syntheticImages();
  }

  @AfterAll
  static void stop() {
    if (spark != null) {
      spark.close();
    }
  }

  private static String syntheticImages() {
    Path target = folder.resolve("images");
    new PrepareJob(
            spark,
            PrepareOptions.builder()
                .source(new SyntheticSource(30, 3, 32, 5))
                .input(SyntheticSource.INPUT)
                .output(new org.apache.hadoop.fs.Path(target.toUri()))
                .splits(SplitFractions.parse("train=0.8,test=0.2"))
                .build())
        .run();
    return target.toString();
  }

  @Test
  void ofAPlainJob() {
    assertThat(hash(job.config("plain")))
        .isEqualTo("358f7a11a44a5ecf8794c5e1cafcbddb189d7ee9b9d1ca5f246e8304eb913ddf");
  }

  @Test
  void ofStockDeeplearning4j() {
    String kernels = Engines.find("dl4j").environment(Precision.FP32).get("blas");
    assumeTrue(OF_STOCK_DEEPLEARNING4J.containsKey(kernels), "no hash is known for " + kernels);

    assertThat(hash(job.config("dl4j").engine("dl4j").epochs(1)))
        .as(kernels)
        .isEqualTo(OF_STOCK_DEEPLEARNING4J.get(kernels));
  }

  @Test
  void ofAResumedJob() {
    TrainingConfig.Builder config =
        job.config("resumed").workers(3).checkpointEvery(2).augmentations(List.of("shift"));
    TinyJob.stop(spark, config, 3);

    assertThat(TinyJob.resume(spark, config).parametersSha256())
        .isEqualTo("6a68e39f3c6c9cb13335e62161a51f1b52467e6050af1f07f9e0223b3456f260");
  }

  @Test
  void ofAnOuterNesterovMomentumAfterAnEpochOfEveryStep() {
    assertThat(
            hash(
                job.config("outer")
                    .set("outer_rate", 0.7)
                    .set("outer_momentum", 0.9)
                    .set("outer_nesterov", true)
                    .set("every_step_epochs", 1)))
        .isEqualTo("e05033a9676d07f7be3ef1450b19b1481a46439518adf6b93628aa69175934d2");
  }

  @Test
  void ofHalfPrecisionOnTheWire() {
    assertThat(
            hash(
                job.config("fp16").set("wire", Wire.FP16).set("updater_state", UpdaterState.RESET)))
        .isEqualTo("b4446e95a766fbb1f676bb85103449f74e9c8de3d969128bd3f8eb99f6e19556");
  }

  @Test
  void ofBytesOnTheWire() {
    assertThat(hash(job.config("int8").set("wire", Wire.INT8).set("outer_momentum", 0.5)))
        .isEqualTo("23546fcc56ffc2ba3e589246ec1204b7d729316b31c59e1770a156b92e5b0343");
  }

  @Test
  void ofMixupSmoothedLabelsAndAugmentations() {
    assertThat(
            hash(
                job.config("mixed")
                    .set("mixup", 0.2)
                    .set("label_smoothing", 0.1)
                    .augmentations(List.of("crop", "flip", "rotate", "brightness", "erase"))))
        .isEqualTo("adeb6d3f41ca8a0f69db690cffb86ff7c34bff0152772be1d3266eb96fab0f45");
  }

  @Test
  void ofSchedulesBoundsAndRatesOfLayers() {
    assertThat(
            hash(
                job.config("rates")
                    .schedule(new LearningRateSchedule.Cosine(2, 0.5))
                    .set("clip_norm", 0.5)
                    .set("bias_rate", 2)
                    .set("layer_rates", Map.of("1", 0.5))))
        .isEqualTo("2533a7e8989c71c7498ed0d421bf794e8a0da696e0535fbf3460cf307380f224");
  }

  @Test
  void ofATransferWithAFrozenPrefix() {
    TrainResult trained = TinyJob.train(spark, job.config("trained"));

    assertThat(hash(job.config("frozen").init(trained.checkpoint()).freeze("1").seed(8)))
        .isEqualTo("c248004082cff09fc1dd47f70f9d116bdc300e2dcff3928a27ad085d3f938220");
  }

  @Test
  void ofBatchNormalization() {
    assertThat(hash(job.config("normalized").model(folder.resolve("normalized.yaml").toString())))
        .isEqualTo("6fded9586ec16e89f126cd1f9c6bb816899d9cac1c71eb1139b940fd62753b9f");
  }

  @Test
  void ofLeNet5() {
    assertThat(hash(onImages("lenet5")))
        .isEqualTo("ffaabca7d5dda0a99078cd33dc2a6978cebac0081c94ab216c7fcd76de1aefbd");
  }

  @Test
  void ofAlexNetMiniWithDropout() {
    assertThat(hash(onImages("alexnet-mini").augmentations(List.of("color-noise", "flip"))))
        .isEqualTo("7f724f4f8b74cbc9aa06ce93b0371d8b919f0fca6c016c6b2f0dc846ef9f9deb");
  }

  @Test
  void ofCudaConvnetWithResponseNormalization() {
    assertThat(hash(onImages("cuda-convnet-18")))
        .isEqualTo("f82c46ca7157f0f144d06d4f8387fcb26261819c29eb8dc875cef17547bbcd4f");
  }

  @Test
  void ofARecurrentNetwork() {
    assertThat(hash(onImages("row-lstm")))
        .isEqualTo("73b0c423e3ba08be0baf0fed4517d053abf11083b873ee49eff9e3f22199de33");
  }

  private static TrainingConfig.Builder onImages(String model) {
    return job.config(model)
        .data(images)
        .model(model)
        .batch(4)
        .localSteps(2)
        .epochs(1)
        .learningRate(0.01)
        .set("slice_bytes", 0);
  }

  private static String hash(TrainingConfig.Builder config) {
    return TinyJob.train(spark, config).parametersSha256();
  }
}
