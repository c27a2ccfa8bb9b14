package io.stoker.driver.score;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.round.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.score.BulkPredictRequest.ExistingOutput;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.worker.TinyShards;
import io.stoker.worker.eval.Crops;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkPredictJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @TempDir Path scratch;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2]");
    TrainJob.run(
        spark, job.config("run").epochs(3).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private BulkPredictResult predict(Path input, ExistingOutput existing) {
    return BulkPredictJob.run(
        spark,
        new BulkPredictRequest(
            job.run("run").toString(),
            input.toString(),
            scratch.resolve("out").toString(),
            "",
            2,
            16,
            "auto",
            Crops.CENTRE,
            existing));
  }

  private Dataset<Row> written() {
    return SparkSession.active().read().parquet(scratch.resolve("out").toString());
  }

  @Test
  void writesWhatPredictSeesAndWhyItCouldNotRead() throws IOException {
    Path input = scratch.resolve("photos");
    List<Path> images = TinyImages.write(job.data(), input);
    byte[] good = Files.readAllBytes(images.get(0));
    Files.write(input.resolve("bar 0/cut.png"), java.util.Arrays.copyOf(good, good.length - 20));
    Files.writeString(input.resolve("bar 1/text.JPG"), "no image");
    Files.writeString(input.resolve("notes.txt"), "no image, and does not say so");
    Files.writeString(Files.createDirectory(input.resolve(".hidden")).resolve("h.png"), "");
    Files.write(Path.of(URI.create(input.toUri() + "caf%E9.png")), good);

    BulkPredictResult result = predict(input, ExistingOutput.REFUSE);

    assertThat(result.images()).isEqualTo(53);
    assertThat(result.unreadable()).isEqualTo(3);
    assertThat(result.ignored()).isEqualTo(2);
    assertThat(result.examples())
        .extracting(each -> each.path().replaceAll(".*/", ""), BulkPredictResult.Unreadable::error)
        .contains(tuple("caf\\xE9.png", "its name is not valid UTF-8 (rename it)"));
    assertThat(result.examples())
        .extracting(each -> each.path().replaceAll(".*/", ""))
        .containsExactlyInAnyOrder("caf\\xE9.png", "cut.png", "text.JPG");
    assertThat(scratch.resolve("out/_SUCCESS")).exists();
    List<Row> rows = written().filter(col("error").isNull()).collectAsList();
    assertThat(rows).hasSize(50);
    for (Row row : rows) {
      String path = row.getAs("path");
      Prediction expected =
          PredictJob.run(
                  new Configuration(),
                  new PredictRequest(job.run("run").toString(), List.of(path), 2, "auto"))
              .get(0);
      List<Row> top = row.getList(row.fieldIndex("top"));
      assertThat(top).hasSize(2);
      for (int i = 0; i < 2; i++) {
        assertThat(top.get(i).getString(0)).isEqualTo(expected.classes().get(i).name());
        assertThat(top.get(i).getDouble(1))
            .isCloseTo(expected.classes().get(i).probability(), within(1e-6));
      }
      assertThat(row.<String>getAs("prediction")).isEqualTo(top.get(0).getString(0));
      assertThat(row.<Double>getAs("probability")).isEqualTo(top.get(0).getDouble(1));
    }
  }

  @Test
  void classifiesShards() {
    BulkPredictResult result = predict(job.data(), ExistingOutput.REFUSE);

    assertThat(result.images()).isEqualTo(321);
    assertThat(result.unreadable()).isZero();
    long right =
        written()
            .filter(col("split").equalTo("test").and(col("label").equalTo(col("prediction"))))
            .count();
    assertThat(right / 50.0)
        .isEqualTo(
            EvaluateJob.run(
                    spark,
                    new EvaluateRequest(
                        job.run("run").toString(), job.data().toString(), "test", 8, "auto"))
                .accuracy());
    assertThat(written().columns())
        .containsExactly(
            "path", "split", "sample_id", "label", "prediction", "probability", "top", "error");
    assertThat(written().select("sample_id").collectAsList()).doesNotHaveDuplicates().hasSize(321);
  }

  @Test
  void replacesPredictionsAndNothingElse() throws IOException {
    Path out = Files.createDirectories(scratch.resolve("out"));
    predict(job.data(), ExistingOutput.REFUSE);

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not empty (choose another folder, or --overwrite");
    predict(job.data(), ExistingOutput.OVERWRITE);
    assertThat(written().count()).isEqualTo(321);

    Files.writeString(out.resolve("thesis.tex"), "years of work");
    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds files that are no predictions: [thesis.tex]");
  }

  @Test
  void leavesNothingBehindWhenTheInputIsDamaged() throws IOException {
    Path damaged = Files.createDirectory(scratch.resolve("damaged"));
    TinyShards.write(damaged, List.of(5, 5), 5);
    Path shard = damaged.resolve("train-00001-of-00002.parquet");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[100] ^= 1;
    Files.write(shard, bytes);

    assertThatThrownBy(() -> predict(damaged, ExistingOutput.REFUSE))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("train-00001-of-00002.parquet");
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  @Test
  void refusesInputsThatCannotBe() throws IOException {
    assertThatThrownBy(() -> predict(scratch.resolve("nowhere"), ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Cannot find input");
    Path empty = Files.createDirectory(scratch.resolve("empty"));
    assertThatThrownBy(() -> predict(empty, ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds no image");
    assertThatThrownBy(() -> predict(scratch, ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("must not lie in each other");
    assertThat(scratch.resolve("out")).doesNotExist();
  }
}
