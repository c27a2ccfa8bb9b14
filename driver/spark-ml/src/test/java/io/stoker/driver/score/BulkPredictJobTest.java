// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.score;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.FullDisk;
import io.stoker.data.image.ImageCodec;
import io.stoker.data.image.ImageShape;
import io.stoker.data.image.Pixels;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.score.BulkPredictRequest.ExistingOutput;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.failure.ResourceException;
import io.stoker.worker.TinyShards;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class BulkPredictJobTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext spark;

  @TempDir Path scratch;

  @BeforeAll
  static void train() {
    job = TinyJob.in(folder);
    spark = LocalSpark.start("local[2,2]");
    TrainJob.run(
        spark, job.config("run").epochs(3).build(), ExistingRun.REFUSE, RoundListener.NONE);
  }

  @AfterAll
  static void stop() {
    spark.close();
  }

  private BulkPredictResult predict(Path input, ExistingOutput existing) {
    return predict(input, scratch.resolve("out"), existing);
  }

  private static BulkPredictResult predictTo(Path output, ExistingOutput existing) {
    return predict(job.data(), output, existing);
  }

  private static BulkPredictResult predict(Path input, Path output, ExistingOutput existing) {
    return BulkPredictJob.run(spark, request(input, output.toString(), existing));
  }

  private static BulkPredictRequest request(Path input, String output, ExistingOutput existing) {
    return new BulkPredictRequest(
        new Inference(job.run("run").toString(), "auto"),
        input.toString(),
        output,
        "",
        2,
        16,
        existing);
  }

  private BulkPredictRequest onFullDisk() {
    spark.hadoopConfiguration().setClass("fs.full.impl", FullDisk.class, FileSystem.class);
    return request(job.data(), "full:" + scratch.resolve("out"), ExistingOutput.REFUSE);
  }

  private static SparkSession session() {
    return SparkSession.builder().sparkContext(spark.sc()).getOrCreate();
  }

  private Dataset<Row> written() {
    return session().read().parquet(scratch.resolve("out").toString());
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
    assertThat(result.found()).isEqualTo(55);
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
  void decodesPhotosInFullIfItIsAsked() throws IOException {
    ImageShape shape = new ImageShape(70, 64, 1); // Four times what the model takes, and more.
    byte[] values = new byte[shape.bytes()];
    new Random(1).nextBytes(values);
    Path photo = scratch.resolve("photos/bar 0/photo.jpg");
    Files.createDirectories(photo.getParent());
    Files.write(photo, ImageCodec.encodeJpeg(new Pixels(shape, values), 95));
    Inference model = new Inference(job.run("run").toString(), "auto");
    List<Double> probabilities = new ArrayList<>();
    for (boolean exact : new boolean[] {false, true}) {
      Inference asked = model.withExactPixels(exact);
      BulkPredictJob.run(
          spark,
          new BulkPredictRequest(
              asked,
              scratch.resolve("photos").toString(),
              scratch.resolve("out").toString(),
              "",
              1,
              16,
              ExistingOutput.OVERWRITE));
      double probability = written().first().<Double>getAs("probability");
      assertThat(
              PredictJob.run(
                      new Configuration(), new PredictRequest(asked, List.of(photo.toString()), 1))
                  .get(0)
                  .classes()
                  .get(0)
                  .probability())
          .isCloseTo(probability, within(1e-6));
      probabilities.add(probability);
    }
    assertThat(probabilities.get(1)).isNotCloseTo(probabilities.get(0), within(1e-4));
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
    assertThat(written().schema().simpleString())
        .isEqualTo(
            "struct<path:string,split:string,sample_id:bigint,label:string,prediction:string,"
                + "probability:double,top:array<struct<class:string,probability:double>>,"
                + "error:string>");
    assertThat(written().select("sample_id").collectAsList()).doesNotHaveDuplicates().hasSize(321);
  }

  @Test
  void aSplitIsOfShardsOnly() throws IOException {
    Path photos = scratch.resolve("photos");
    TinyImages.write(job.data(), photos);
    BulkPredictRequest request =
        new BulkPredictRequest(
            new Inference(job.run("run").toString(), "auto"),
            photos.toString(),
            scratch.resolve("out").toString(),
            "test",
            2,
            16,
            ExistingOutput.REFUSE);

    assertThatThrownBy(() -> BulkPredictJob.run(spark, request))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid --split: 'test'")
        .hasMessageContaining("holds no shards");
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  /** What attempts that failed have written is no prediction. */
  @Test
  void eachImageHasOneRowWhereEachTaskFailsOnce() throws IOException {
    Set<String> failed = ConcurrentHashMap.newKeySet();
    FullDisk.refuse(
        file -> file.getName().startsWith("part-") && failed.add(file.getName().substring(0, 10)));
    BulkPredictResult result;
    try {
      result = BulkPredictJob.run(spark, onFullDisk());
    } finally {
      FullDisk.free();
    }

    assertThat(result.images()).isEqualTo(321);
    assertThat(written().select("split", "sample_id").collectAsList())
        .doesNotHaveDuplicates()
        .hasSize(321);
    assertThat(names(scratch.resolve("out")))
        .doesNotContain(PredictionFolder.STAGING)
        .filteredOn(name -> name.startsWith("part-"))
        .hasSameSizeAs(failed)
        .hasSizeGreaterThan(1);
  }

  @Test
  void replacesPredictionsOnlyWhereAsked() throws IOException {
    Files.createDirectories(scratch.resolve("out"));
    predict(job.data(), ExistingOutput.REFUSE);
    List<String> first = names(scratch.resolve("out"));

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is not empty (choose another folder, or --overwrite");
    assertThat(names(scratch.resolve("out"))).isEqualTo(first);

    predict(job.data(), ExistingOutput.OVERWRITE);
    assertThat(written().count()).isEqualTo(321);
    assertThat(names(scratch.resolve("out")))
        .contains("_SUCCESS", PredictionMarker.FILE)
        .doesNotContain(PredictionFolder.STAGING)
        .filteredOn(name -> name.startsWith("part-"))
        .doesNotContainAnyElementsOf(first);
  }

  @Test
  void filesThatAreNoPredictionsAreNotReplaced() throws IOException {
    Path out = Files.createDirectories(scratch.resolve("out"));
    predict(job.data(), ExistingOutput.REFUSE);
    Files.writeString(out.resolve("thesis.tex"), "years of work");
    List<String> before = names(out);

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds files that are no predictions: [thesis.tex]");

    Files.delete(out.resolve("thesis.tex"));
    Files.copy(
        out.resolve(before.stream().filter(each -> each.startsWith("part-")).findFirst().get()),
        out.resolve("part-00000-of-another-job.snappy.parquet"));
    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("[part-00000-of-another-job.snappy.parquet]");
    assertThat(names(out)).containsAll(before.stream().filter(n -> !n.endsWith(".tex")).toList());
  }

  /** Its files have the names of predictions, as everything that Spark writes. */
  @Test
  void aTableOfSomebodyElseIsNotReplaced() throws IOException {
    Path out = scratch.resolve("out");
    session().range(7).toDF("id").coalesce(1).write().parquet(out.toString());
    List<String> before = names(out);

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("they are no predictions of Stoker's, and stay");
    assertThat(names(out)).isEqualTo(before);
    assertThat(written().count()).isEqualTo(7);
  }

  @Test
  void aTableWithAMarkerAndOtherColumnsIsNotReplaced() throws IOException {
    Path out = scratch.resolve("out");
    session().range(7).toDF("id").coalesce(1).write().parquet(out.toString());
    Files.delete(out.resolve("._SUCCESS.crc"));
    Files.delete(
        out.resolve(names(out).stream().filter(name -> name.endsWith(".crc")).findFirst().get()));
    String part = names(out).stream().filter(n -> n.startsWith("part-")).findFirst().get();
    new PredictionMarker(Map.of(part, Files.size(out.resolve(part))))
        .write(new org.apache.hadoop.fs.Path(out.toUri()), new Configuration());

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("lacks one of the columns [prediction, probability, top, error]");
    assertThat(written().count()).isEqualTo(7);
  }

  @Test
  void nothingIsReplacedThroughASymbolicLink() throws IOException {
    Path other = Files.createDirectory(scratch.resolve("other"));
    predictTo(other, ExistingOutput.REFUSE);
    List<String> before = names(other);
    Files.createSymbolicLink(scratch.resolve("out"), other);

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("is a symbolic link: nothing is replaced through it");
    assertThat(names(other)).isEqualTo(before);

    Files.delete(scratch.resolve("out"));
    Path out = Files.createDirectory(scratch.resolve("out"));
    for (String name : before) {
      Files.createSymbolicLink(out.resolve(name), other.resolve(name));
    }
    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("holds a symbolic link");
    assertThat(names(other)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "null", "[]", "{}", "{\"format\":\"stoker-predictions\"}", "{\"format\":"})
  void aMarkerThatIsNotOursIsNone(String marker) throws IOException {
    Path out = Files.createDirectory(scratch.resolve("out"));
    Files.writeString(out.resolve("data.csv"), "1,2");
    Files.writeString(out.resolve(PredictionMarker.FILE), marker);

    assertThatThrownBy(() -> predict(job.data(), ExistingOutput.OVERWRITE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("they are no predictions of Stoker's, and stay");
    assertThat(out.resolve("data.csv")).hasContent("1,2");
  }

  @Test
  void aFailedJobLeavesTheOldPredictions() throws IOException {
    predict(job.data(), ExistingOutput.REFUSE);
    List<String> before = names(scratch.resolve("out"));

    assertThatThrownBy(() -> predict(damaged(), ExistingOutput.OVERWRITE))
        .isInstanceOf(DamagedException.class);

    assertThat(names(scratch.resolve("out"))).isEqualTo(before);
    assertThat(written().count()).isEqualTo(321);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void refusesAnOutputThatCannotBeWrittenBeforeTheWork() throws IOException {
    Files.writeString(scratch.resolve("file"), "");

    assertThatThrownBy(() -> predictTo(scratch.resolve("file/out"), ExistingOutput.REFUSE))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("a part of this path is a file");
    assertThatThrownBy(() -> predictTo(Path.of("/proc/out"), ExistingOutput.REFUSE))
        .isInstanceOf(ResourceException.class)
        .hasMessageStartingWith("Cannot write output file:/proc/out");
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private Path damaged() throws IOException {
    Path damaged = Files.createDirectory(scratch.resolve("damaged"));
    TinyShards.write(damaged, List.of(5, 5), 5);
    Path shard = damaged.resolve("train-00001-of-00002.parquet");
    byte[] bytes = Files.readAllBytes(shard);
    bytes[100] ^= 1;
    Files.write(shard, bytes);
    return damaged;
  }

  @Test
  void leavesNothingBehindWhenTheInputIsDamaged() throws IOException {
    Path damaged = damaged();

    assertThatThrownBy(() -> predict(damaged, ExistingOutput.REFUSE))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("train-00001-of-00002.parquet");
    assertThat(scratch.resolve("out")).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {".snappy.parquet", "._stoker_predictions.json.new"})
  void leavesNothingBehindWhenTheDiskIsFull(String file) {
    FullDisk.refuse(file);
    try {
      assertThatThrownBy(() -> BulkPredictJob.run(spark, onFullDisk()))
          .isInstanceOf(ResourceException.class)
          .hasMessageStartingWith("No space left to write full:" + scratch.resolve("out"));
    } finally {
      FullDisk.free();
    }
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
