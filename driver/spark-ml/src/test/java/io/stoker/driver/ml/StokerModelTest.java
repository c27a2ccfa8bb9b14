// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.data.storage.OutputFile;
import io.stoker.driver.LocalSpark;
import io.stoker.driver.TinyImages;
import io.stoker.driver.TinyJob;
import io.stoker.driver.checkpoint.Calibration;
import io.stoker.driver.checkpoint.ParameterChoice;
import io.stoker.driver.evaluate.EvaluateJob;
import io.stoker.driver.evaluate.EvaluateRequest;
import io.stoker.driver.evaluate.Inference;
import io.stoker.driver.evaluate.PredictJob;
import io.stoker.driver.evaluate.PredictRequest;
import io.stoker.driver.evaluate.Prediction;
import io.stoker.driver.evaluate.QuantizeJob;
import io.stoker.driver.evaluate.QuantizeRequest;
import io.stoker.driver.job.ExistingRun;
import io.stoker.driver.round.RoundListener;
import io.stoker.driver.round.TrainJob;
import io.stoker.driver.round.TrainResult;
import io.stoker.driver.run.ModelFiles;
import io.stoker.failure.DamagedException;
import io.stoker.failure.InputException;
import io.stoker.models.engine.Arithmetic;
import io.stoker.models.engine.StepSettings;
import io.stoker.models.file.ModelFileWriter;
import io.stoker.testing.Exact;
import io.stoker.testing.Instructions;
import io.stoker.worker.eval.TestViews;
import io.stoker.worker.runtime.ExecutorResources;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.SQLTransformer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("slow")
class StokerModelTest {
  private static final StructType FILES =
      new StructType().add("name", DataTypes.StringType).add("content", DataTypes.BinaryType);

  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext context;
  private static SparkSession spark;
  private static String run;
  private static List<Path> images;

  @TempDir Path scratch;

  @BeforeAll
  static void train() throws IOException {
    job = TinyJob.in(folder);
    context = LocalSpark.start("local[2]");
    spark = SparkSession.builder().sparkContext(context.sc()).getOrCreate();
    TrainJob.run(
        context, job.config("run").epochs(3).build(), ExistingRun.REFUSE, RoundListener.NONE);
    run = job.run("run").toString();
    images = TinyImages.write(job.data(), folder.resolve("images"));
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static Dataset<Row> files() {
    return spark
        .read()
        .format("binaryFile")
        .option("recursiveFileLookup", "true")
        .load(folder.resolve("images").toString());
  }

  @Test
  void aModelWhoseTrainingDivergedIsRefusedBeforeAnythingIsScored() throws IOException {
    float[] parameters = TinyJob.parameters(run);
    parameters[parameters.length - 1] = Float.NaN;
    Path file = scratch.resolve("model.zip");
    try (OutputStream stream = Files.newOutputStream(file)) {
      ModelFileWriter.of(
              ModelFiles.open(run, new Configuration()).metadata(),
              new StepSettings(0.1f, 0, 0),
              (offset, target) -> target.put(parameters, (int) offset, target.remaining()))
          .write(stream);
    }
    StokerModel model = StokerModel.load(file.toString());

    assertThatThrownBy(() -> model.transform(files()))
        .isInstanceOf(DamagedException.class)
        .hasMessageContaining("first NaN in the biases of layer 6");
  }

  @Test
  void aModelInInt8PredictsWithIntegersAlsoAfterItWasSaved() throws IOException {
    Instructions.AVX512_VNNI.assume();
    Path file = scratch.resolve("int8.zip");
    QuantizeJob.run(
        context,
        new QuantizeRequest(
            new EvaluateRequest(run, job.data().toString(), "test", 16, "auto"), 100, 100),
        OutputFile.check("--output", file.toString(), new Configuration()),
        line -> {});
    StokerModel model = StokerModel.load(file.toString());
    model.save(scratch.resolve("saved").toString());

    List<Row> predicted = probabilities(model);

    assertThat(probabilities(StokerModel.load(scratch.resolve("saved").toString())))
        .isEqualTo(predicted);
    assertThat(probabilities(StokerModel.load(run))).isNotEqualTo(predicted);
  }

  private static List<Row> probabilities(StokerModel model) {
    return model.transform(files()).select("path", "probability").orderBy("path").collectAsList();
  }

  @Test
  void aRunWithAMovingAverageGivesAModelThatPredictsWithItAlsoAfterItWasSaved() throws IOException {
    TrainResult result =
        TrainJob.run(
            context,
            job.config("average").set("ema", 0.9).build(),
            ExistingRun.REFUSE,
            RoundListener.NONE);
    String saved = scratch.resolve("saved").toString();

    StokerModel model = StokerModel.load(result.run());
    model.save(saved);

    assertThat(model.parametersSha256())
        .isEqualTo(
            ModelFiles.open(result.run(), ParameterChoice.EMA, new Configuration())
                .parametersSha256())
        .isNotEqualTo(result.parametersSha256());
    assertThat(StokerModel.load(saved).parametersSha256()).isEqualTo(model.parametersSha256());
    model.setParameters("last").save(saved + "-last");
    assertThat(model.parametersSha256()).isEqualTo(result.parametersSha256());
    assertThat(StokerModel.load(saved + "-last").parametersSha256())
        .isEqualTo(result.parametersSha256());
    assertThat(model.setParameters("best").parametersSha256())
        .isNotEqualTo(result.parametersSha256());
    Calibration.imported(2, result.parametersSha256())
        .write(new org.apache.hadoop.fs.Path(saved, StokerModelWriter.MODEL), new Configuration());
    StokerModel calibrated = StokerModel.load(saved).setParameters("last");
    calibrated.write().overwrite().save(saved);
    assertThat(StokerModel.load(saved).stored().otherCalibration())
        .isPresent()
        .isEqualTo(calibrated.stored().otherCalibration());
    StokerModel plain = StokerModel.load(run).setParameters("ema");
    assertThatThrownBy(plain::parametersSha256)
        .isInstanceOf(InputException.class)
        .hasMessageContaining("it was trained without --ema");
    assertThatThrownBy(() -> plain.setParameters("lost"))
        .hasMessageContaining("parameter parameters given invalid value lost");
  }

  @Test
  void aModelThatWasSerializedCanBeCopiedBeforeItIsOpened() throws Exception {
    StokerModel model = StokerModel.load(run);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(model);
    }
    StokerModel read;
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      read = (StokerModel) in.readObject();
    }

    assertThat(read.copy(ParamMap.empty()).labels()).isEqualTo(model.labels());
  }

  @Test
  void closingAModelClosesItsNetworks() {
    StokerModel model = StokerModel.load(run);
    String first = model.transform(files()).select("probability").first().toString();
    assertThat(ExecutorResources.here().networksIdle()).isPositive();

    model.close();

    assertThat(ExecutorResources.here().networksIdle()).isZero();
    assertThat(model.transform(files()).select("probability").first()).hasToString(first);
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "flip", "shift"})
  void seesWhatPredictSees(String views) {
    List<Prediction> expected =
        PredictJob.run(
            new Configuration(),
            new PredictRequest(
                new Inference(run, "auto", TestViews.parse(views), Arithmetic.FASTEST_FP32),
                images.stream().map(Path::toString).toList(),
                4));

    List<Row> rows =
        StokerModel.load(run)
            .setTestTimeViews(views)
            .setBatchSize(7)
            .transform(files())
            .collectAsList();

    assertThat(rows).hasSize(images.size());
    for (Prediction prediction : expected) {
      Row row =
          rows.stream()
              .filter(each -> each.<String>getAs("path").endsWith(prediction.image()))
              .findFirst()
              .orElseThrow();
      Prediction.ClassProbability best = prediction.classes().get(0);
      Vector probability = row.getAs("probability");
      int label = (int) row.<Double>getAs("prediction").doubleValue();
      assertThat(row.<String>getAs("predictedLabel")).isEqualTo(best.name());
      assertThat(best.name()).isEqualTo("bar " + label);
      assertThat(probability.apply(label)).isCloseTo(best.probability(), within(1e-6));
      assertThat(probability.argmax()).isEqualTo(label);
      assertThat(row.<String>getAs("error")).isNull();
    }
  }

  @Test
  void takesSparksImagesAndUris() {
    StokerModel model = StokerModel.load(run).setInputCol("image");
    Dataset<Row> structures =
        spark
            .read()
            .format("image")
            .option("recursiveFileLookup", "true")
            .load(folder.resolve("images").toString());

    List<Row> ofStructures =
        model.transform(structures).orderBy("image.origin").select("probability").collectAsList();
    List<Row> ofUris =
        StokerModel.load(run)
            .setInputCol("path")
            .transform(files().select("path"))
            .orderBy("path")
            .select("probability")
            .collectAsList();

    List<Row> ofBytes =
        StokerModel.load(run)
            .transform(files())
            .orderBy("path")
            .select("probability")
            .collectAsList();
    assertThat(ofUris).isEqualTo(ofBytes);
    assertThat(ofStructures).isEqualTo(ofBytes);
  }

  @Test
  void isWhatSparksEvaluatorsTake() {
    Dataset<Row> shards = spark.read().parquet(job.data().toString() + "/test-*.parquet");

    Dataset<Row> scored = StokerModel.load(run).setInputCol("image").transform(shards);

    double accuracy =
        new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(scored);
    double logLoss =
        new MulticlassClassificationEvaluator().setMetricName("logLoss").evaluate(scored);
    var report =
        EvaluateJob.run(
            context, new EvaluateRequest(run, job.data().toString(), "test", 8, "auto"));
    assertThat(accuracy).isEqualTo(report.accuracy());
    assertThat(logLoss).isCloseTo(report.logLoss(), within(1e-6));
  }

  @Test
  void isAStageOfAPipelineThatIsSavedAndLoaded() throws IOException {
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  StokerModel.load(run).setOutputCol("p").setErrorCol("").setBatchSize(5),
                  new SQLTransformer().setStatement("SELECT path, p, predictedLabel FROM __THIS__")
                });
    PipelineModel fitted = pipeline.fit(files());
    String saved = scratch.resolve("pipeline").toString();

    fitted.write().save(saved);
    Path moved = Files.move(scratch.resolve("pipeline"), scratch.resolve("moved"));
    PipelineModel loaded = PipelineModel.load(moved.toString());

    assertThat(loaded.transform(files()).columns()).containsExactly("path", "p", "predictedLabel");
    assertThat(loaded.transform(files()).orderBy("path").collectAsList())
        .isEqualTo(fitted.transform(files()).orderBy("path").collectAsList());
    assertThat(((StokerModel) loaded.stages()[0]).uid()).isEqualTo(fitted.stages()[0].uid());
  }

  /** Spark deletes the folder before it writes the stages. */
  @Test
  void aPipelineThatWasLoadedIsSavedOverItself() throws IOException {
    String saved = scratch.resolve("pipeline").toString();
    new Pipeline()
        .setStages(new PipelineStage[] {StokerModel.load(run)})
        .fit(files())
        .write()
        .save(saved);
    PipelineModel loaded = PipelineModel.load(saved);
    StokerModel model = (StokerModel) loaded.stages()[0];
    List<Row> predicted = probabilities(model);

    loaded.write().overwrite().save(saved);

    assertThat(probabilities(model)).isEqualTo(predicted);
    assertThat(probabilities((StokerModel) PipelineModel.load(saved).stages()[0]))
        .isEqualTo(predicted);

    // As the second stage it is in another folder.
    new Pipeline()
        .setStages(
            new PipelineStage[] {
              new SQLTransformer().setStatement("SELECT * FROM __THIS__"), model
            })
        .fit(files())
        .write()
        .overwrite()
        .save(saved);

    assertThat(probabilities(model)).isEqualTo(predicted);
    assertThat(probabilities((StokerModel) PipelineModel.load(saved).stages()[1]))
        .isEqualTo(predicted);
  }

  @Test
  void aModelIsNotSavedOverTheOnlyFileOfItsParameters() throws IOException {
    Path file = Files.createDirectory(scratch.resolve("checkpoint")).resolve("model.zip");
    Files.copy(Path.of(StokerModel.load(run).stored().path().toUri()), file);
    StokerModel model = StokerModel.load(file.toString());

    assertThatThrownBy(() -> model.write().overwrite().save(file.getParent().toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("the model was loaded from there");
    assertThat(file).exists();
  }

  @Test
  void sparkConnectPutsAModelAsideWithoutItsFile() throws IOException {
    StokerModel model = StokerModel.load(run).setBatchSize(9);
    String saved = scratch.resolve("saved").toString();
    model.save(saved);
    Path aside = scratch.resolve("aside");

    for (StokerModel each : List.of(model, StokerModel.load(saved))) {
      new StokerModelWriter(each).saveToLocal(aside.toString());
      StokerModel again = new StokerModelReader().loadFromLocal(aside.toString());

      assertThat(aside).isDirectoryNotContaining("glob:**.zip");
      assertThat(again.uid()).isEqualTo(model.uid());
      assertThat(again.getBatchSize()).isEqualTo(9);
      assertThat(again.stored().path()).isEqualTo(each.stored().path());
      assertThat(again.spare()).isEqualTo(each.spare());
      assertThat(probabilities(again)).isEqualTo(probabilities(model));
    }
  }

  @Test
  @Exact
  void loadsWhatItSavedWithItsParams() throws IOException {
    StokerModel model = StokerModel.load(run).setInputCol("photo").setBatchSize(9);
    String saved = scratch.resolve("model").toString();

    model.save(saved);
    StokerModel loaded = StokerModel.load(saved);

    assertThat(loaded.getInputCol()).isEqualTo("photo");
    assertThat(loaded.getOutputCol()).isEqualTo("probability");
    assertThat(loaded.getOrDefault(loaded.batchSize())).isEqualTo(9);
    assertThat(loaded.uid()).isEqualTo(model.uid());
    assertThat(loaded.labels()).containsExactly("bar 0", "bar 1", "bar 2", "bar 3");
    assertThat(loaded.numClasses()).isEqualTo(4);
    assertThat(loaded.parametersSha256()).isEqualTo(model.parametersSha256());
    assertThat(loaded.copy(new org.apache.spark.ml.param.ParamMap()).getInputCol())
        .isEqualTo("photo");
    assertThatThrownBy(() -> model.save(saved)).hasMessageContaining("already exists");
    model.write().overwrite().save(saved);
    loaded.write().overwrite().save(saved);
    assertThat(loaded.transform(files().withColumnRenamed("content", "photo")).collectAsList())
        .hasSize(images.size());
    assertThat(StokerModel.load(saved).parametersSha256()).isEqualTo(model.parametersSha256());
  }

  @Test
  void givesAReasonForAnImageThatItCannotRead() throws IOException {
    byte[] good = Files.readAllBytes(images.get(0));
    Dataset<Row> files =
        spark.createDataFrame(
            List.of(
                RowFactory.create("good", good),
                RowFactory.create("cut", java.util.Arrays.copyOf(good, good.length - 20)),
                RowFactory.create("text", "no image".getBytes(StandardCharsets.UTF_8)),
                RowFactory.create("none", null)),
            FILES);

    Dataset<Row> scored = StokerModel.load(run).transform(files).cache();

    assertThat(scored.filter(col("error").isNull()).select("name").collectAsList())
        .containsExactly(RowFactory.create("good"));
    List<Row> bad = scored.filter(col("prediction").isNull()).collectAsList();
    assertThat(bad).extracting(row -> row.getString(0)).containsExactly("cut", "text", "none");
    assertThat(bad.get(1).<String>getAs("error")).contains("not an image");
    assertThat(bad).allMatch(row -> row.getAs("probability") == null);
    assertThat(
            StokerModel.load(run)
                .setHandleInvalid("skip")
                .transform(files)
                .select("name")
                .collectAsList())
        .containsExactly(RowFactory.create("good"));
    assertThatThrownBy(
            () -> StokerModel.load(run).setHandleInvalid("error").transform(files).collectAsList())
        .hasStackTraceContaining("An image cannot be read: ");
    Dataset<Row> named =
        files
            .filter(col("name").equalTo("text"))
            .select(struct(col("content").as("bytes"), col("name").as("path")).as("content"));
    assertThatThrownBy(
            () -> StokerModel.load(run).setHandleInvalid("error").transform(named).collectAsList())
        .hasStackTraceContaining("An image cannot be read: text: ");
    Dataset<Row> nameless =
        files
            .filter(col("name").equalTo("text"))
            .select(struct(col("content").as("bytes"), lit("").as("path")).as("content"));
    assertThatThrownBy(
            () ->
                StokerModel.load(run).setHandleInvalid("error").transform(nameless).collectAsList())
        .hasStackTraceContaining("An image cannot be read: not an image");
  }

  @Test
  void columnsThatShareANameStayInTheirPlaces() {
    Dataset<Row> shared =
        files()
            .select(col("path").as("id"), col("content"), col("length").as("ID"), lit(7L).as("ID"));

    Dataset<Row> scored = StokerModel.load(run).transform(shared);

    assertThat(scored.columns()).startsWith("id", "content", "ID", "ID");
    assertThat(scored.schema().apply("prediction").metadata()).isNotEqualTo(Metadata.empty());
    assertThat(scored.collectAsList())
        .hasSize(images.size())
        .allSatisfy(
            row -> {
              assertThat(row.getString(0)).startsWith("file:");
              assertThat(row.getLong(2)).isEqualTo(row.<byte[]>getAs("content").length);
              assertThat(row.getLong(3)).isEqualTo(7);
            });
  }

  @Test
  void refusesColumnsThatDoNotFit() {
    StokerModel model = StokerModel.load(run);

    assertThatThrownBy(() -> model.transform(files().select("path")))
        .isInstanceOf(InputException.class)
        .hasMessage("Unknown column: content (there are [path])");
    Dataset<Row> bytes = files().select("path", "content");
    assertThatThrownBy(() -> model.transform(bytes.join(bytes.alias("other"), "path")))
        .isInstanceOf(InputException.class)
        .hasMessageStartingWith("Ambiguous column: content (there are [path, content, content])");
    assertThatThrownBy(
            () ->
                model
                    .copy(new org.apache.spark.ml.param.ParamMap())
                    .setInputCol("length")
                    .transform(files()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid column length: it has the type bigint");
    assertThatThrownBy(() -> model.transform(files().withColumn("error", col("path"))))
        .isInstanceOf(InputException.class)
        .hasMessage("Column error is there already");
    assertThatThrownBy(() -> model.transform(files().withColumn("Error", col("path"))))
        .isInstanceOf(InputException.class)
        .hasMessage("Column error is there already");
    assertThatThrownBy(
            () ->
                model
                    .copy(new org.apache.spark.ml.param.ParamMap())
                    .setRawPredictionCol("probability")
                    .transform(files()))
        .isInstanceOf(InputException.class)
        .hasMessage("Column probability is there already");
    assertThatThrownBy(
            () ->
                model
                    .copy(new org.apache.spark.ml.param.ParamMap())
                    .setErrorCol("")
                    .setHandleInvalid("skip")
                    .transform(files()))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid handleInvalid: skip (must be keep without an errorCol)");
    assertThatThrownBy(() -> model.setBatchSize(0)).hasMessageContaining("batchSize");
    assertThatThrownBy(() -> StokerModel.load(scratch.toString()))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Not a checkpoint");
  }
}
