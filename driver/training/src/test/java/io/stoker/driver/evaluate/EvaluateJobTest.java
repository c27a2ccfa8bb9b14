// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.batch.Normalization;
import io.stoker.data.shard.ShardBlock;
import io.stoker.data.shard.ShardFolder;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.Engines;
import io.stoker.models.engine.Network;
import io.stoker.models.file.ModelMetadata;
import io.stoker.testing.Exact;
import io.stoker.worker.TinyShards;
import io.stoker.worker.eval.TestViews;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluateJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    TrainJob.run(
        spark,
        job.config("run").epochs(3).checkpointEvery(3).build(),
        ExistingRun.REFUSE,
        RoundListener.NONE);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  @Test
  @Exact
  void countsWhatSinglePredictionsGive() throws IOException {
    List<Path> images = TinyImages.write(job.data(), folder.resolve("images"));
    List<Prediction> predictions =
        PredictJob.run(
            new Configuration(),
            new PredictRequest(
                job.run("run").toString(),
                images.stream().map(Path::toString).toList(),
                4,
                "auto"));
    long correct = 0;
    double loss = 0;
    for (int i = 0; i < images.size(); i++) {
      String own = images.get(i).getParent().getFileName().toString();
      List<Prediction.ClassProbability> classes = predictions.get(i).classes();
      correct += classes.get(0).name().equals(own) ? 1 : 0;
      loss -=
          Math.log(
              classes.stream()
                  .filter(each -> each.name().equals(own))
                  .mapToDouble(Prediction.ClassProbability::probability)
                  .sum());
      assertThat(classes.stream().mapToDouble(Prediction.ClassProbability::probability).sum())
          .isCloseTo(1, within(1e-5));
      assertThat(classes)
          .isSortedAccordingTo((a, b) -> Double.compare(b.probability(), a.probability()));
    }

    EvaluationReport report = evaluate("", 7);

    assertThat(report.split()).isEqualTo("test");
    assertThat(report.examples()).isEqualTo(images.size()).isEqualTo(50);
    assertThat(report.accuracy()).isEqualTo(correct / 50.0).isGreaterThan(0.3);
    assertThat(report.logLoss()).isCloseTo(loss / 50, within(1e-4));
    assertThat(report.top5()).isEmpty();
  }

  @Test
  void addsUpOverBlocksAndBatches() {
    EvaluationReport report = evaluate("train", 64);

    assertThat(report.examples()).isEqualTo(271);
    assertThat(report.classes())
        .extracting(ClassScore::name)
        .containsExactly("bar 0", "bar 1", "bar 2", "bar 3");
    assertThat(report.classes().stream().mapToLong(ClassScore::examples).sum()).isEqualTo(271);
    long diagonal = 0;
    for (int c = 0; c < TinyShards.CLASSES; c++) {
      List<Long> row = report.confusion().get(c);
      diagonal += row.get(c);
      assertThat(report.classes().get(c).recall())
          .isEqualTo((double) row.get(c) / row.stream().mapToLong(Long::longValue).sum());
    }
    assertThat(report.accuracy()).isEqualTo(diagonal / 271.0);
    assertThat(evaluate("train", 5).toJson().get("confusion"))
        .isEqualTo(report.toJson().get("confusion"));
  }

  @Test
  void drawsACurveOverTheCheckpointsOfARun() {
    List<EvaluationReport> seen = new ArrayList<>();
    List<EvaluationReport> curve =
        EvaluateJob.runAll(spark, request("run", "test", 8, 1), seen::add);

    assertThat(curve).isEqualTo(seen).hasSize(3);
    assertThat(curve).extracting(each -> each.clock().round()).containsExactly(3L, 6L, 9L);
    assertThat(curve.get(2).logLoss()).isEqualTo(evaluate("test", 8).logLoss());
    assertThat(curve.get(0).logLoss()).isGreaterThan(curve.get(2).logLoss());
  }

  @Test
  void evaluatesTheMeanOfTheNewestCheckpoints() throws IOException {
    float[] older = TinyJob.parameters(job.run("run/checkpoints/000006").toString());
    float[] newer = TinyJob.parameters(job.run("run/checkpoints/000009").toString());
    for (int i = 0; i < newer.length; i++) {
      newer[i] = (older[i] + newer[i]) / 2;
    }
    ModelMetadata model =
        ModelFiles.open(job.run("run").toString(), new Configuration()).metadata();
    ShardBlock block =
        ShardFolder.open(new org.apache.hadoop.fs.Path(job.data().toUri()), new Configuration())
            .readBlock("test", 0);
    Normalization normalization = new Normalization(model.mean(), model.standardDeviation());
    double loss = 0;
    try (Network network = Engines.named("auto").create(model.model(), 1)) {
      network.writeParameters(0, FloatBuffer.wrap(newer));
      byte[] pixels = new byte[TinyShards.SHAPE.bytes()];
      float[] image = new float[pixels.length];
      float[] probabilities = new float[TinyShards.CLASSES];
      for (int row = 0; row < block.rows(); row++) {
        block.decode(row, pixels);
        normalization.apply(pixels, TinyShards.SHAPE, image, 0);
        network.predict(image, 1, probabilities);
        loss -= Math.log(probabilities[block.label(row)]);
      }
    }

    EvaluationReport mean = EvaluateJob.run(spark, request("run", "test", 8, 2));

    assertThat(mean.logLoss()).isCloseTo(loss / block.rows(), within(1e-5));
    assertThat(mean.toJson().get("averaged")).hasSize(2);
    assertThat(mean.toText()).contains("the mean of 2");
  }

  @Test
  void refusesAMeanOfMoreCheckpointsThanThereAre() {
    assertThatThrownBy(() -> EvaluateJob.run(spark, request("run", "test", 8, 9)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 3 valid checkpoints, too few for a mean of 9");
    assertThatThrownBy(() -> EvaluateJob.run(spark, request("run", "test", 8, Integer.MAX_VALUE)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("has 3 valid checkpoints, too few for a mean of 2147483647");
    assertThatThrownBy(
            () -> EvaluateJob.run(spark, request("run/checkpoints/000009", "test", 8, 2)))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Not a run folder");
    assertThatThrownBy(() -> EvaluateJob.run(spark, request("run", "test", 8, 0)))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid average: 0 (must be >= 1)");
  }

  private static EvaluateRequest request(String checkpoint, String split, int batch, int average) {
    return new EvaluateRequest(
        new Inference(job.run(checkpoint).toString(), "auto"),
        job.data().toString(),
        split,
        batch,
        average);
  }

  @Test
  void showsAllOfItAsText() {
    EvaluationReport report = evaluate("test", 8);

    assertThat(report.toText())
        .contains("accuracy", "log loss", "precision", "bar 3", "actual \\ predicted")
        .doesNotContain("top 5");
    assertThat(report.toJson().get("accuracy").asDouble()).isEqualTo(report.accuracy());
  }

  @Test
  void refusesWhatDoesNotFit() throws IOException {
    Path other = Files.createDirectory(folder.resolve("other"));
    TinyShards.write(other, List.of(5), 5);
    Path manifest = other.resolve("manifest.json");
    Files.delete(other.resolve("manifest.sha256"));
    Files.writeString(manifest, Files.readString(manifest).replace("bar 2", "stripe"));

    assertThatThrownBy(
            () ->
                EvaluateJob.run(
                    spark,
                    new EvaluateRequest(
                        job.run("run").toString(), other.toString(), "", 8, "auto")))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("class 2 is 'bar 2', the data's is 'stripe'");
    assertThatThrownBy(() -> evaluate("tset", 8))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("tset");
    assertThatThrownBy(() -> evaluate("test", 0))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid batch size: 0 (must be >= 1)");
  }

  @Test
  void refusesTenCropsOfImagesThatTheModelTakesWhole() {
    assertThatThrownBy(
            () ->
                EvaluateJob.run(
                    spark,
                    new EvaluateRequest(
                        new Inference(
                            job.run("run").toString(),
                            "auto",
                            TestViews.TEN_CROP,
                            Arithmetic.FASTEST_FP32),
                        job.data().toString(),
                        "test",
                        8,
                        1)))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith(
            "Ten crops need images larger than the model's input: both are 8 x 8");
  }

  @Test
  void namesAShardThatIsDamaged() throws IOException {
    Path damaged = Files.createDirectory(folder.resolve("damaged"));
    TinyShards.write(damaged, List.of(5), 5);
    Path shard = damaged.resolve("test-00000-of-00001.parquet");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[100] ^= 1;
    Files.write(shard, bytes);

    assertThatThrownBy(
            () ->
                EvaluateJob.run(
                    spark,
                    new EvaluateRequest(
                        job.run("run").toString(), damaged.toString(), "", 8, "auto")))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("test-00000-of-00001.parquet");
  }

  @Test
  void saysWhichImageItCannotPredict() {
    assertThatThrownBy(() -> predict("nowhere.png", 3))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("nowhere.png");
    assertThatThrownBy(() -> predict("nowhere.png", 0))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid top: 0 (must be >= 1)");
  }

  private static List<Prediction> predict(String image, int top) {
    return PredictJob.run(
        new Configuration(),
        new PredictRequest(job.run("run").toString(), List.of(image), top, "auto"));
  }

  private static EvaluationReport evaluate(String split, int batch) {
    return EvaluateJob.run(
        spark,
        new EvaluateRequest(
            job.run("run").toString(), job.data().toString(), split, batch, "auto"));
  }
}
