// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.round;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.pack.PrepareJob;
import io.stoker.data.pack.PrepareOptions;
import io.stoker.data.pack.SplitFractions;
import io.stoker.data.synth.SyntheticSource;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyJob;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.EvaluationReport;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.run.ModelFiles;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.ModelSpec;
import io.stoker.models.spec.Shape;
import io.stoker.models.spec.Whitening;
import io.stoker.models.zoo.Zoo;
import io.stoker.testing.Exact;
import java.io.File;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The whole way of each model of the zoo, with as many classes as the data has. */
@Tag("slow")
class ZooTrainingTest {
  private static final int CLASSES = 3;
  private static final int SAMPLES = 8;

  /** As many that half of them have enough patches. */
  private static final int SAMPLES_TO_WHITEN = 40;

  private static final int EXAMPLES = 2;

  /** With more parameters a second, undisturbed run for comparison would take too long. */
  private static final int LARGE = 5_000_000;

  @TempDir static Path folder;

  private static JavaSparkContext spark;

  @BeforeAll
  static void start() {
    spark = LocalSpark.start("local[2]");
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  /** Those that are not large, and AlexNet. */
  static List<String> names() {
    return Zoo.names().stream().filter(name -> name.equals("alexnet") || !isLarge(name)).toList();
  }

  /** Their kinds of layers are in those above, too. */
  static List<String> large() {
    return Zoo.names().stream().filter(name -> !names().contains(name)).toList();
  }

  private static boolean isLarge(String name) {
    return model(name).parameterCount() > LARGE;
  }

  /** The model for the smallest images that it takes. */
  private static ModelSpec model(String name) {
    List<Integer> sizes = Zoo.sizes(name);
    int size = sizes.isEmpty() ? Zoo.model(name, CLASSES).input().height() : sizes.get(0);
    return Zoo.model(name, new Shape(size, size, 3), CLASSES);
  }

  @Tag("thorough")
  @ParameterizedTest
  @MethodSource("large")
  void soDoesEachLargeModel(String name) throws IOException {
    trainsIsSavedGoesOnIsEvaluatedAndIsReadByStockDeeplearning4j(name);
  }

  @ParameterizedTest
  @MethodSource("names")
  @Exact
  void trainsIsSavedGoesOnIsEvaluatedAndIsReadByStockDeeplearning4j(String name)
      throws IOException {
    ModelSpec model = model(name);
    int size = model.input().height();
    boolean large = isLarge(name);
    int samples = Whitening.of(model).isPresent() ? SAMPLES_TO_WHITEN : SAMPLES;
    TrainingConfig job = job(name, data(size, samples), large);

    run(job.toBuilder().epochs(1).build(), ExistingRun.REFUSE);
    TrainResult resumed = run(job, ExistingRun.RESUME);

    assertThat(resumed.epochs()).isEqualTo(2);
    assertThat(resumed.parameters()).isEqualTo(model.parameterCount());
    if (!large) {
      TrainingConfig undisturbed =
          job.toBuilder().run(folder.resolve(name + "-undisturbed").toString()).build();
      assertThat(run(undisturbed, ExistingRun.REFUSE).parametersSha256())
          .isEqualTo(resumed.parametersSha256());
    }
    EvaluationReport report =
        EvaluateJob.run(
            spark, new EvaluateRequest(job.run(), job.data().uri(), "test", EXAMPLES, "auto"));
    assertThat(report.examples()).isPositive();
    // After a few steps the scores of a residual net are in the hundreds: the loss may be 0
    // exactly.
    assertThat(report.logLoss()).isNotNegative().isFinite();
    assertStockAgrees(model, resumed.checkpoint());
  }

  private static TrainingConfig job(String name, String data, boolean large) {
    return TrainingConfig.builder()
        .data(data)
        .run(folder.resolve(name).toString())
        .model(name)
        .workers(1)
        .batch(EXAMPLES)
        .localSteps(1)
        .epochs(2)
        .momentum(large ? 0 : 0.9)
        .learningRate(1e-4)
        .keep(1)
        .build();
  }

  /** Shards of images of that size, made where they are first asked for. */
  private static String data(int size, int samples) {
    Path target = folder.resolve("images-" + size + "-" + samples);
    if (Files.notExists(target)) {
      PrepareOptions options =
          PrepareOptions.builder()
              .source(new SyntheticSource(samples, CLASSES, size, 5))
              .input(SyntheticSource.INPUT)
              .output(new org.apache.hadoop.fs.Path(target.toUri()))
              .splits(SplitFractions.parse("train=0.5,test=0.5"))
              .build();
      new PrepareJob(spark, options).run();
    }
    return target.toString();
  }

  private static TrainResult run(TrainingConfig config, ExistingRun existing) {
    return TrainJob.run(spark, config, existing, RoundListener.NONE);
  }

  private static void assertStockAgrees(ModelSpec model, String checkpoint) throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    float[] images = new float[EXAMPLES * model.input().features()];
    for (int i = 0; i < images.length; i++) {
      images[i] = (float) random.nextDouble(-1.5, 1.5);
    }
    float[] own = new float[EXAMPLES * CLASSES];
    try (Network network = Engines.named(Engines.AUTO).create(model, EXAMPLES)) {
      network.writeParameters(0, FloatBuffer.wrap(TinyJob.parameters(checkpoint)));
      network.predict(images, EXAMPLES, own);
    }
    File file = new File(ModelFiles.open(checkpoint, new Configuration()).path().toUri().getPath());
    ComputationGraph stock = ModelSerializer.restoreComputationGraph(file, false);
    Shape input = model.input();
    INDArray batch =
        Nd4j.createFromArray(images)
            .reshape(EXAMPLES, input.channels(), input.height(), input.width());
    float[] theirs = stock.outputSingle(batch).data().asFloat();
    stock.close();
    assertThat(theirs).hasSameSizeAs(own);
    for (int i = 0; i < own.length; i++) {
      assertThat(theirs[i]).isCloseTo(own[i], within(1e-5f));
    }
  }
}
