// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.StoredModel;
import io.stoker.driver.config.ModelReference;
import io.stoker.driver.config.TrainingConfig;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.spec.Shape;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import io.stoker.worker.eval.TestViews;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model that takes 6 x 5 pixels of images of 8 x 8. */
class CroppedInputTest {
  private static final String MODEL =
      """
      name: narrow
      input: [6, 5, 1]
      layers:
        - conv: {filters: 3, kernel: 3, padding: 1}
        - relu
        - dense: classes
      """;

  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;
  private static StoredModel stored;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    TrainJob.run(spark, config("run").build(), ExistingRun.REFUSE, RoundListener.NONE);
    stored = ModelFiles.open(job.run("run").toString(), new Configuration());
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private static TrainingConfig.Builder config(String run) throws IOException {
    Path model = folder.resolve("narrow.yaml");
    Files.writeString(model, MODEL);
    return job.config(run).model(model.toString()).augmentations(List.of("crop", "flip"));
  }

  @Test
  void isTrainedOnWindowsAndEvaluatedOnTheMiddle() throws IOException {
    long correct = 0;
    double loss = 0;
    ShardBlock block = testBlock();
    float[] image = new float[30];
    float[] probabilities = new float[TinyShards.CLASSES];
    try (Network network = Engines.named("auto").create(stored.metadata().model(), 1)) {
      stored.copyParameters(network::writeParameters, new Configuration());
      for (int row = 0; row < block.rows(); row++) {
        byte[] pixels = new byte[64];
        block.decode(row, pixels);
        for (int i = 0; i < 30; i++) {
          int value = pixels[(1 + i / 5) * 8 + 1 + i % 5] & 0xFF;
          image[i] = (float) ((value - 70.0) / 60.0);
        }
        network.predict(image, 1, probabilities);
        int best = 0;
        for (int c = 1; c < probabilities.length; c++) {
          best = probabilities[c] > probabilities[best] ? c : best;
        }
        correct += best == block.label(row) ? 1 : 0;
        loss -= Math.log(probabilities[block.label(row)]);
      }
    }

    EvaluationReport report =
        EvaluateJob.run(
            spark,
            new EvaluateRequest(
                job.run("run").toString(), job.data().toString(), "test", 16, "auto"));

    assertThat(report.accuracy()).isEqualTo(correct / 50.0);
    assertThat(report.logLoss()).isCloseTo(loss / 50, within(1e-5));
  }

  /** Things in them have another size than the model has learnt. */
  @Test
  void warnsOfImagesOfAnotherSizeThanThoseOfTheTraining() {
    try (LogLines log = LogLines.of(ModelReference.class)) {
      ModelReference.warnOfOtherSize(stored.metadata(), new ImageShape(8, 8, 1));
      assertThat(log.lines()).isEmpty();

      ModelReference.warnOfOtherSize(stored.metadata(), new ImageShape(10, 9, 1));
      assertThat(log.lines())
          .containsExactly(
              "WARN Model narrow was trained on images of 8 x 8 x 1, the data's are 10 x 9 x 1: it"
                  + " is shown the middle 6 x 5 x 1 of each (prepare the data with --size 8)");
    }
  }

  @Test
  void averagesTenCropsAsANaiveLoopDoes() throws IOException {
    long correct = 0;
    double loss = 0;
    ShardBlock block = testBlock();
    double[] first = new double[TinyShards.CLASSES];
    try (Network network = Engines.named("auto").create(stored.metadata().model(), 1)) {
      stored.copyParameters(network::writeParameters, new Configuration());
      for (int row = 0; row < block.rows(); row++) {
        byte[] pixels = new byte[64];
        block.decode(row, pixels);
        double[] mean = tenCrops(network, pixels);
        first = row == 0 ? mean : first;
        int best = 0;
        for (int c = 1; c < mean.length; c++) {
          best = mean[c] > mean[best] ? c : best;
        }
        correct += best == block.label(row) ? 1 : 0;
        loss -= Math.log(mean[block.label(row)]);
      }
    }

    for (int batch : new int[] {1, 25, 64}) {
      EvaluationReport report =
          EvaluateJob.run(
              spark, new EvaluateRequest(tenCrops(), job.data().toString(), "test", batch, 1));
      assertThat(report.examples()).isEqualTo(50);
      assertThat(report.accuracy()).isEqualTo(correct / 50.0);
      assertThat(report.logLoss()).isCloseTo(loss / 50, within(1e-5));
    }
    byte[] values = new byte[64];
    block.decode(0, values);
    String image = png("ten.png", new Pixels(TinyShards.SHAPE, values), 1);
    assertThat(
            probabilities(
                PredictJob.run(
                        new Configuration(), new PredictRequest(tenCrops(), List.of(image), 4))
                    .get(0)))
        .containsExactly(first, within(1e-6));
  }

  private static Inference tenCrops() {
    return new Inference(
        job.run("run").toString(), "auto", TestViews.TEN_CROP, Arithmetic.FASTEST_FP32);
  }

  /** The mean output for windows of 6 x 5 at the corners and in the middle, and mirrored. */
  private static double[] tenCrops(Network network, byte[] pixels) {
    double[] mean = new double[TinyShards.CLASSES];
    for (int[] corner : new int[][] {{0, 0}, {0, 3}, {2, 0}, {2, 3}, {1, 1}}) {
      for (boolean mirrored : new boolean[] {false, true}) {
        float[] probabilities = window(network, pixels, corner[0], corner[1], mirrored);
        for (int c = 0; c < mean.length; c++) {
          mean[c] += probabilities[c] / 10.0;
        }
      }
    }
    return mean;
  }

  /** The windows of Jordan, 2024, in a naive loop; here the images have room for them. */
  @Test
  void averagesShiftedAndMirroredViewsWithTheirWeights() throws IOException {
    double loss = 0;
    ShardBlock block = testBlock();
    try (Network network = Engines.named("auto").create(stored.metadata().model(), 1)) {
      stored.copyParameters(network::writeParameters, new Configuration());
      for (int row = 0; row < block.rows(); row++) {
        byte[] pixels = new byte[64];
        block.decode(row, pixels);
        double own = 0;
        for (int moved = -1; moved <= 1; moved++) {
          for (boolean mirrored : new boolean[] {false, true}) {
            float[] probabilities = window(network, pixels, 1 + moved, 1 + moved, mirrored);
            own += (moved == 0 ? 0.25 : 0.125) * probabilities[block.label(row)];
          }
        }
        loss -= Math.log(own);
      }
    }

    Inference shifted =
        new Inference(job.run("run").toString(), "auto", TestViews.SHIFT, Arithmetic.FASTEST_FP32);
    EvaluationReport report =
        EvaluateJob.run(spark, new EvaluateRequest(shifted, job.data().toString(), "test", 16, 1));

    assertThat(report.logLoss()).isCloseTo(loss / 50, within(1e-5));
  }

  private static float[] window(
      Network network, byte[] pixels, int top, int left, boolean mirrored) {
    float[] image = new float[30];
    for (int y = 0; y < 6; y++) {
      for (int x = 0; x < 5; x++) {
        int value = pixels[(top + y) * 8 + left + (mirrored ? 4 - x : x)] & 0xFF;
        image[y * 5 + x] = (float) ((value - 70.0) / 60.0);
      }
    }
    float[] probabilities = new float[TinyShards.CLASSES];
    network.predict(image, 1, probabilities);
    return probabilities;
  }

  /** An image file goes the way of the data: to 8 x 8 first, and then its middle. */
  @Test
  void predictsTheMiddleOfWhatPrepareWouldMakeOfAFile() throws IOException {
    assertThat(stored.metadata().images()).isEqualTo(new Shape(8, 8, 1));
    byte[] values = new byte[64];
    testBlock().decode(0, values);
    String whole = png("whole.png", new Pixels(TinyShards.SHAPE, values), 1);
    String large = png("large.png", new Pixels(TinyShards.SHAPE, values), 2);

    List<Prediction> predictions =
        PredictJob.run(
            new Configuration(),
            new PredictRequest(job.run("run").toString(), List.of(whole, large), 4, "auto"));

    double[] first = probabilities(predictions.get(0));
    double[] second = probabilities(predictions.get(1));
    assertThat(second).containsExactly(first, within(0.15));
  }

  @Test
  @Exact
  void isTheSameOnAnyNumberOfSlots() throws IOException {
    spark.close();
    spark = LocalSpark.start("local[1]");
    String one =
        TrainJob.run(spark, config("one").build(), ExistingRun.REFUSE, RoundListener.NONE)
            .parametersSha256();
    assertThat(one).isEqualTo(stored.parametersSha256());
  }

  @Test
  void refusesImagesThatAreTooSmall() throws IOException {
    Path wide = folder.resolve("wide.yaml");
    Files.writeString(wide, MODEL.replace("[6, 5, 1]", "[6, 9, 1]"));
    TrainingConfig config = config("wide").model(wide.toString()).build();
    assertThatThrownBy(() -> TrainJob.run(spark, config, ExistingRun.REFUSE, RoundListener.NONE))
        .isInstanceOf(InputException.class)
        .hasMessage(
            "Model narrow does not fit the data: it takes images of 6 x 9 x 1, the data's are"
                + " 8 x 8 x 1 (larger ones are cropped: prepare them with --size 9 or more)");
    assertThat(job.run("wide")).doesNotExist();
  }

  private static double[] probabilities(Prediction prediction) {
    double[] result = new double[TinyShards.CLASSES];
    for (Prediction.ClassProbability each : prediction.classes()) {
      result[stored.metadata().classNames().indexOf(each.name())] = each.probability();
    }
    return result;
  }

  private static ShardBlock testBlock() throws IOException {
    return ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration())
        .readBlock("test", 0);
  }

  /** Each pixel as a square of so many. */
  private static String png(String name, Pixels pixels, int times) throws IOException {
    BufferedImage image = new BufferedImage(8 * times, 8 * times, BufferedImage.TYPE_BYTE_GRAY);
    for (int y = 0; y < 8 * times; y++) {
      for (int x = 0; x < 8 * times; x++) {
        image.getRaster().setSample(x, y, 0, pixels.values()[y / times * 8 + x / times] & 0xFF);
      }
    }
    Path file = folder.resolve(name);
    ImageIO.write(image, "png", file.toFile());
    return file.toString();
  }
}
