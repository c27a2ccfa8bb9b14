// SPDX-License-Identifier: Apache-2.0
package io.stoker.driver.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.expr;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.struct;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.stoker.driver.LocalSpark;
import io.stoker.driver.LogLines;
import io.stoker.driver.TinyJob;
import io.stoker.driver.run.RunLock;
import io.stoker.failure.InputException;
import io.stoker.testing.Exact;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.Transformer;
import org.apache.spark.ml.evaluation.MulticlassClassificationEvaluator;
import org.apache.spark.ml.feature.IndexToString;
import org.apache.spark.ml.feature.StringIndexer;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.tuning.CrossValidator;
import org.apache.spark.ml.tuning.CrossValidatorModel;
import org.apache.spark.ml.tuning.ParamGridBuilder;
import org.apache.spark.ml.tuning.TrainValidationSplit;
import org.apache.spark.ml.tuning.TrainValidationSplitModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
class StokerClassifierTest {
  @TempDir static Path folder;

  private static TinyJob job;
  private static JavaSparkContext context;
  private static SparkSession spark;
  private static Dataset<Row> images;

  @TempDir Path scratch;

  @BeforeAll
  static void prepare() throws IOException {
    job = TinyJob.in(folder);
    context = LocalSpark.start("local[2]");
    spark = SparkSession.builder().sparkContext(context.sc()).getOrCreate();
    images = TinyImages.frame(spark, job, "train").repartition(3);
  }

  @AfterAll
  static void stop() {
    context.close();
  }

  private static StokerClassifier classifier() {
    return new StokerClassifier()
        .setModel(folder.resolve("tiny.yaml").toString())
        .setBatchSize(16)
        .setLocalSteps(3)
        .setMaxIter(2)
        .setStepSize(0.05)
        .setSeed(3);
  }

  private static double accuracy(Dataset<Row> scored) {
    return new MulticlassClassificationEvaluator().setMetricName("accuracy").evaluate(scored);
  }

  @Test
  void learnsAndSaysHow() {
    StokerModel model = classifier().setMaxIter(4).fit(images);

    assertThat(accuracy(model.transform(images))).isGreaterThan(0.9);
    assertThat(model.labels()).containsExactly("0", "1", "2", "3");
    StokerTrainingSummary summary = model.summary();
    assertThat(summary.objectiveHistory()).hasSize(4).isSortedAccordingTo((a, b) -> b.compareTo(a));
    assertThat(summary.totalIterations()).isEqualTo(4);
    assertThat(summary.numRounds()).isEqualTo(12);
    assertThat(summary.rounds().count()).isEqualTo(12);
    assertThat(summary.validationLosses()).isEmpty();
    assertThat(summary.stoppedEarly()).isFalse();
    assertThat(model.copy(new ParamMap()).hasSummary()).isTrue();
  }

  @Test
  void theJobGroupOfTheCallerStaysItsOwn() {
    context.setJobGroup("cell 7", "a notebook's");

    classifier().setMaxIter(1).fit(images);

    assertThat(context.getLocalProperty("spark.jobGroup.id")).isEqualTo("cell 7");
    context.clearJobGroup();
  }

  @Test
  @Exact
  void theRowsAndNotTheirOrderDecideTheResult() {
    String sha256 = classifier().fit(images).parametersSha256();

    assertThat(classifier().fit(images.orderBy(col("number").desc())).parametersSha256())
        .isEqualTo(sha256);
    assertThat(classifier().setSeed(4).fit(images).parametersSha256()).isNotEqualTo(sha256);
  }

  @Test
  @Exact
  void takesHuggingFacesStructureAndTheOtherNameOfTheColumn() {
    Dataset<Row> structures =
        images.select(
            struct(col("content").as("bytes"), lit(null).cast("string").as("path")).as("image"),
            col("label").cast("double").as("label"));

    StokerModel model = classifier().setFeaturesCol("image").fit(structures);

    assertThat(model.getInputCol()).isEqualTo("image");
    assertThat(model.parametersSha256()).isEqualTo(classifier().fit(images).parametersSha256());
    assertThat(model.transform(structures).columns())
        .containsExactly(
            "image",
            "label",
            "rawPrediction",
            "probability",
            "prediction",
            "predictedLabel",
            "error");
  }

  @Test
  void textsAndIndexedColumnsNameTheClasses() {
    Dataset<Row> named = images.withColumn("label", concat(lit("bar "), col("label")));
    StringIndexer indexer = new StringIndexer().setInputCol("label").setOutputCol("index");
    Dataset<Row> indexed = indexer.fit(named).transform(named);

    StokerModel ofTexts = classifier().fit(named);
    StokerModel ofIndices = classifier().setLabelCol("index").fit(indexed);

    assertThat(ofTexts.labels()).containsExactly("bar 0", "bar 1", "bar 2", "bar 3");
    assertThat(ofIndices.labels()).containsExactly(indexer.fit(named).labelsArray()[0]);
    Dataset<Row> words =
        new IndexToString()
            .setInputCol("prediction")
            .setOutputCol("word")
            .transform(ofIndices.transform(indexed));
    assertThat(words.filter("word = predictedLabel").count()).isEqualTo(images.count());
    assertThat(words.schema().apply("index").metadata())
        .as("that of a column which passes through")
        .isEqualTo(indexed.schema().apply("index").metadata());
  }

  @Test
  void numbersStayTheNumbersOfTheirClasses() {
    Dataset<Row> some = images.filter("label in (1, 3)");

    StokerModel model = classifier().setMaxIter(4).fit(some);

    assertThat(model.numClasses()).isEqualTo(4);
    assertThat(accuracy(model.transform(some))).isGreaterThan(0.9);
    assertThat(classifier().setNumClasses(6).fit(images).numClasses()).isEqualTo(6);
    Dataset<Row> oneWithout =
        images.withColumn("label", expr("IF(number = 7, double('NaN'), label)"));
    assertThat(classifier().setMaxIter(1).fit(oneWithout).numClasses()).isEqualTo(4);
  }

  @Test
  void thresholdsMoveThePrediction() {
    StokerModel model = classifier().setThresholds(new double[] {1, 1, 0, 1}).fit(images);

    Dataset<Row> scored = model.transform(images);

    assertThat(scored.filter("prediction = 2").count()).isEqualTo(images.count());
    Row row = scored.first();
    Vector raw = row.getAs("rawPrediction");
    Vector probability = row.getAs("probability");
    for (int label = 0; label < 4; label++) {
      assertThat(Math.exp(raw.apply(label))).isCloseTo(probability.apply(label), within(1e-12));
    }
    assertThatThrownBy(() -> model.setThresholds(new double[] {1, 1}).transform(images))
        .isInstanceOf(InputException.class)
        .hasMessage("Invalid thresholds: 2 for 4 classes");
  }

  @Test
  void weightsSayHowMuchARowCounts() {
    Dataset<Row> equal = images.withColumn("weight", lit(1));
    Dataset<Row> unequal =
        images.withColumn("weight", expr("IF(label = 2, 100, 0.01)").cast("float"));
    long before = ShardCache.preparations();

    StokerModel weighted = classifier().setWeightCol("weight").fit(unequal);

    assertThat(weighted.transform(images).filter("prediction = 2").count())
        .as("since no other class counts")
        .isEqualTo(images.count());
    assertThat(classifier().setWeightCol("weight").fit(equal).summary().objectiveHistory())
        .isEqualTo(classifier().fit(images).summary().objectiveHistory());
    assertThat(ShardCache.preparations()).isGreaterThan(before);
    refused(
        classifier().setWeightCol("weight"),
        images.withColumn("weight", expr("number - 135")),
        "of 271 images are rejected, more than maxRejected allows (0.01): ");
    refused(
        classifier().setWeightCol("weight"),
        images.withColumn("weight", lit(null).cast("double")),
        "it has no weight");
    refused(
        classifier().setWeightCol("weight"),
        images.withColumn("weight", lit("much")),
        "Invalid column weight: it has the type string (weights must be numbers)");
  }

  @Test
  void validatesOnMarkedRowsAndKeepsTheBestModel() {
    Dataset<Row> marked = images.withColumn("held", expr("number % 4 = 0"));

    StokerModel model =
        classifier()
            .setMaxIter(12)
            .setValidationIndicatorCol("held")
            .setEarlyStoppingRounds(2)
            .fit(marked);

    StokerTrainingSummary summary = model.summary();
    int best = 0;
    for (int i = 1; i < summary.validationAccuracies().length; i++) {
      if (summary.validationAccuracies()[i] > summary.validationAccuracies()[best]) {
        best = i;
      }
    }
    assertThat(summary.validationRounds()[0]).isEqualTo(3);
    assertThat(accuracy(model.transform(marked.filter("held"))))
        .isEqualTo(summary.validationAccuracies()[best]);
    assertThat(summary.stoppedEarly() || summary.totalIterations() == 12).isTrue();
  }

  @Test
  void validatesOnceAnEpochWhereEpochsDifferInRounds() {
    Dataset<Row> marked = images.withColumn("held", expr("number % 4 = 0"));
    StokerClassifier classifier = classifier().setMaxIter(3).setValidationIndicatorCol("held");

    StokerTrainingSummary everyStep = classifier.setEveryStepEpochs(1).fit(marked).summary();
    StokerTrainingSummary growing =
        classifier
            .copy(new ParamMap())
            .setEveryStepEpochs(0)
            .setSchedule("cosine")
            .setLocalStepsCoefficient(0.05)
            .fit(marked)
            .summary();

    // Seven steps an epoch: in rounds of one step in the first epoch, else of three.
    assertThat(everyStep.validationRounds()).containsExactly(7, 10, 13);
    // By the rule the last epoch is one round.
    assertThat(growing.validationRounds()).containsExactly(3, 6, 7);
  }

  /** This test is the other application: it has the lock, and a folder that is not complete. */
  @Test
  void waitsWhileAnotherApplicationPreparesTheSameImages() throws Exception {
    Path cache = Files.createDirectory(scratch.resolve("cache"));
    StokerClassifier classifier = classifier().setMaxIter(1).setCacheDir(cache.toString());
    String sha256 = classifier.fit(images).parametersSha256();
    Path data;
    try (Stream<Path> prepared = Files.list(cache)) {
      data = prepared.filter(each -> each.toString().contains("/data-")).findFirst().orElseThrow();
    }
    byte[] manifest = Files.readAllBytes(data.resolve("manifest.json"));
    Files.delete(data.resolve("manifest.json"));
    long before = ShardCache.preparations();
    ExecutorService second = Executors.newSingleThreadExecutor();
    RunLock lock =
        RunLock.tryAcquire(
                new org.apache.hadoop.fs.Path(cache.toUri()),
                "lock-" + data.getFileName() + ".shards",
                new Configuration())
            .orElseThrow();
    try (LogLines log = LogLines.of(RunLock.class)) {
      Future<StokerModel> fit = second.submit(() -> classifier.fit(images));
      while (log.lines().isEmpty() && !fit.isDone()) {
        Thread.onSpinWait();
      }
      assertThat(log.lines()).first().asString().contains("Waiting for another application");
      Files.write(data.resolve("manifest.json"), manifest);
      lock.close();

      assertThat(fit.get().parametersSha256()).isEqualTo(sha256);
      assertThat(ShardCache.preparations()).isEqualTo(before);
      assertThat(cache).isDirectoryNotContaining("regex:.*/lock-.*");
    } finally {
      lock.close();
      second.shutdownNow();
    }
  }

  @Test
  @Exact
  void anInterruptedFitGoesOnToTheSameBits() {
    StokerClassifier classifier = classifier().setMaxIter(4).setCheckpointInterval(2);
    String undisturbed =
        classifier
            .copy(new ParamMap())
            .setCheckpointDir(scratch.resolve("undisturbed").toString())
            .fit(images)
            .parametersSha256();
    StokerClassifier interrupted =
        classifier.copy(new ParamMap()).setCheckpointDir(scratch.resolve("runs").toString());

    assertThatThrownBy(() -> interrupted.fit(images, TinyJob.stoppingAfter(7)))
        .hasMessage("stopped");
    StokerModel model = interrupted.copy(new ParamMap()).fit(images.repartition(5));

    assertThat(model.parametersSha256()).isEqualTo(undisturbed);
    assertThat(model.summary().numRounds()).isEqualTo(12);
    assertThat(scratch.resolve("runs")).isDirectoryContaining("glob:**/fit-*");
    assertThat(interrupted.fit(images).parametersSha256()).isEqualTo(undisturbed);
  }

  @Test
  void ofEqualFitsOneTrainsAndTheOthersFindItsModel() throws Exception {
    StokerClassifier classifier = classifier().setCheckpointDir(scratch.toString());
    ExecutorService second = Executors.newSingleThreadExecutor();
    StokerModel one;
    StokerModel other;
    try {
      Future<StokerModel> sideBySide =
          second.submit(() -> classifier.copy(new ParamMap()).fit(images));
      one = classifier.copy(new ParamMap()).fit(images);
      other = sideBySide.get();
    } finally {
      second.shutdownNow();
    }
    Path rounds = Path.of(URI.create(one.summary().runFolder())).resolve("metrics.jsonl");
    byte[] trained = Files.readAllBytes(rounds);

    StokerModel later = classifier.fit(images.repartition(5));

    assertThat(Files.readAllLines(rounds)).hasSize(6);
    assertThat(Files.readAllBytes(rounds)).isEqualTo(trained);
    assertThat(List.of(other, later))
        .extracting(StokerModel::parametersSha256)
        .containsOnly(one.parametersSha256());
    assertThat(List.of(other, later))
        .extracting(model -> model.summary().runFolder())
        .containsOnly(one.summary().runFolder());
  }

  @Test
  void aCrossValidatorPreparesEachFoldOnce() {
    StokerClassifier classifier = classifier();
    ParamMap[] grid =
        new ParamGridBuilder()
            .addGrid(classifier.stepSize(), new double[] {0.001, 0.05})
            .addGrid(classifier.maxIter(), new int[] {1, 3})
            .build();
    CrossValidator validator =
        new CrossValidator()
            .setEstimator(new Pipeline().setStages(new PipelineStage[] {classifier}))
            .setEstimatorParamMaps(grid)
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
            .setNumFolds(2)
            .setParallelism(2)
            .setSeed(5);
    long before = ShardCache.preparations();

    CrossValidatorModel model = validator.fit(images.filter("number < 260"));

    assertThat(ShardCache.preparations() - before).as("two folds, and all rows").isEqualTo(3);
    assertThat(model.avgMetrics()[3]).isGreaterThan(model.avgMetrics()[0]);
    StokerModel best = (StokerModel) ((PipelineModel) model.bestModel()).stages()[0];
    assertThat(best.summary().totalIterations()).isEqualTo(3);
  }

  /** Two jobs of two workers on two slots: stages of both would wait for each other's slots. */
  @Test
  void fitsSideBySideWaitForTheirSlotsAndHaveTheSameResults() {
    StokerClassifier classifier = classifier().setNumWorkers(2).setMaxIter(3);
    TrainValidationSplit validator =
        new TrainValidationSplit()
            .setEstimator(classifier)
            .setEstimatorParamMaps(
                new ParamGridBuilder()
                    .addGrid(classifier.stepSize(), new double[] {0.001, 0.01, 0.02, 0.05})
                    .build())
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("logLoss"))
            .setTrainRatio(0.7)
            .setSeed(6);
    Dataset<Row> rows = images.filter("number < 240");

    TrainValidationSplitModel sideBySide =
        validator.copy(new ParamMap()).setParallelism(2).fit(rows);
    TrainValidationSplitModel oneByOne = validator.setParallelism(1).fit(rows);

    assertThat(((StokerModel) sideBySide.bestModel()).parametersSha256())
        .isEqualTo(((StokerModel) oneByOne.bestModel()).parametersSha256());
    // Spark adds up the losses of its partitions in the order in which they come.
    assertThat(sideBySide.validationMetrics())
        .containsExactly(oneByOne.validationMetrics(), within(1e-9));
  }

  @Test
  @Exact
  void aTrainValidationSplitIsSavedAndLoaded() throws IOException {
    StokerClassifier classifier = classifier();
    TrainValidationSplit validator =
        new TrainValidationSplit()
            .setEstimator(classifier)
            .setEstimatorParamMaps(
                new ParamGridBuilder().addGrid(classifier.numWorkers(), new int[] {1, 2}).build())
            .setEvaluator(new MulticlassClassificationEvaluator().setMetricName("accuracy"))
            .setTrainRatio(0.7)
            .setSeed(5);
    long before = ShardCache.preparations();

    TrainValidationSplitModel model = validator.fit(images.filter("number < 250"));

    assertThat(ShardCache.preparations() - before).as("one part, and all rows").isEqualTo(2);
    String saved = scratch.resolve("validated").toString();
    model.write().save(saved);
    TrainValidationSplitModel loaded = TrainValidationSplitModel.load(saved);
    assertThat(((StokerModel) loaded.bestModel()).parametersSha256())
        .isEqualTo(((StokerModel) model.bestModel()).parametersSha256());
    assertThat(((StokerClassifier) loaded.getEstimator()).getModel())
        .isEqualTo(classifier.getModel());
  }

  @Test
  void aPipelineIsSavedAndLoadedBeforeAndAfterItsFit() throws IOException {
    Pipeline pipeline =
        new Pipeline()
            .setStages(
                new PipelineStage[] {
                  classifier()
                      .setAugmentations(new String[] {"shift=1"})
                      .setThresholds(new double[] {1, 2, 1, 1})
                });
    String unfitted = scratch.resolve("pipeline").toString();
    pipeline.write().save(unfitted);

    PipelineModel fitted = Pipeline.load(unfitted).fit(images);
    String saved = scratch.resolve("fitted").toString();
    fitted.write().save(saved);
    PipelineModel loaded = PipelineModel.load(saved);

    StokerClassifier saidBefore = (StokerClassifier) pipeline.getStages()[0];
    StokerClassifier saidAfter = (StokerClassifier) Pipeline.load(unfitted).getStages()[0];
    assertThat(saidAfter.uid()).isEqualTo(saidBefore.uid());
    for (Param<?> param : saidBefore.params()) {
      assertThat(saidAfter.isSet(param)).as(param.name()).isEqualTo(saidBefore.isSet(param));
      if (saidBefore.isDefined(param)) {
        assertThat((Object) saidAfter.getOrDefault(param))
            .isEqualTo(saidBefore.getOrDefault(param));
      }
    }
    assertThat(loaded.transform(images).orderBy("number").collectAsList())
        .isEqualTo(fitted.transform(images).orderBy("number").collectAsList());
    assertThat(((StokerModel) loaded.stages()[0]).hasSummary()).isFalse();
    assertThatThrownBy(() -> ((StokerModel) loaded.stages()[0]).summary())
        .hasMessageContaining("No training summary");
  }

  @Test
  void startsFromWhatSaveWrote() throws IOException {
    String saved = scratch.resolve("model").toString();
    StokerModel trained = classifier().setMaxIter(3).fit(images);
    trained.save(saved);

    StokerModel tuned = classifier().setMaxIter(1).setInitModel(saved).fit(images);

    assertThat(tuned.summary().objectiveHistory()[0])
        .isLessThan(trained.summary().objectiveHistory()[1]);
  }

  @Test
  void writesForTensorBoardAFolderForEachRun() {
    classifier().setMaxIter(1).setTensorboardDir(scratch.resolve("board").toString()).fit(images);

    assertThat(scratch.resolve("board"))
        .isDirectoryRecursivelyContaining("glob:**/fit-*/events.out.tfevents*");
  }

  @Test
  void sparkConnectFindsBothClasses() {
    // It takes the types: some of Spark's own models cannot be made by a service loader.
    assertThat(ServiceLoader.load(Estimator.class).stream().map(ServiceLoader.Provider::type))
        .contains(StokerClassifier.class);
    assertThat(ServiceLoader.load(Transformer.class).stream().map(ServiceLoader.Provider::type))
        .contains(StokerModel.class);
    assertThatThrownBy(() -> new StokerModel().transform(images))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("empty StokerModel");
  }

  @Test
  void refusesDataFramesThatAreNoTrainingDataInOneLine() {
    refused(
        classifier(), images.limit(0), "The data frame has no rows: there is nothing to train on");
    refused(
        classifier(),
        images.filter("label = 2"),
        "Invalid column label: all labels are 2 (a classifier needs two classes or more)");
    refused(
        classifier(),
        images.withColumn("label", lit("cat")),
        "Invalid column label: all labels are 'cat' (a classifier needs two classes or more)");
    refused(
        classifier(),
        images.withColumn("label", lit(null).cast("int")),
        "Invalid column label: all 271 rows have no label");
    refused(
        classifier(),
        images.withColumn("label", expr("label + 0.5D")),
        "Invalid label in column label: ");
    refused(
        classifier(),
        images.withColumn("label", expr("label - 1")),
        "Invalid label in column label: -1.0 (must be a whole number from 0, or text)");
    refused(
        classifier().setNumClasses(3),
        images,
        "Invalid label in column label: 3 (must be 0 to 2, because numClasses says 3 classes)");
    refused(
        classifier(),
        images.withColumn("label", expr("IF(number % 10 = 0, NULL, label)")),
        "28 of 271 images are rejected, more than maxRejected allows (0.01): ");
    refused(
        classifier(),
        images.withColumn("label", expr("IF(number % 10 = 0, double('NaN'), label)")),
        "28 of 271 images are rejected, more than maxRejected allows (0.01): ");
    refused(
        classifier(),
        images.withColumn("label", lit(Double.NaN)),
        "Invalid column label: all 271 rows have no label");
    refused(
        classifier(),
        images.withColumn("content", expr("IF(number % 10 = 0, NULL, content)")),
        "28 of 271 images are rejected, more than maxRejected allows (0.01): ");
    refused(
        classifier(),
        images.withColumn("content", expr("array(1, 2)")),
        "Invalid column content: it has the type array<int>");
    refused(
        classifier().setLabelCol("class"),
        images,
        "Unknown column: class (there are [content, label, number])");
    refused(
        classifier(), images.withColumn("label", expr("array(1)")), "Invalid column label: it has");
    refused(
        classifier(),
        images.withColumn("prediction", lit(1)),
        "Column prediction is there already");
    refused(classifier().setThresholds(new double[] {1, 1}), images, "Invalid thresholds: 2 for 4");
    refused(
        classifier().setValidationIndicatorCol("number"),
        images,
        "Invalid column number: it has the type int (validationIndicatorCol must be boolean)");
    refused(
        classifier().setValidationIndicatorCol("held"),
        images.withColumn("held", lit(true)),
        "Invalid column held: it is true in all 271 rows");
    refused(
        classifier().setValidationIndicatorCol("held"),
        images.withColumn("held", expr("IF(number = 7, NULL, number < 50)")),
        "Invalid column held: it is null in 1 of 271 rows (must be true or false)");
  }

  @Test
  void everyParamNamesTheClassOfItsValuesForSparkConnect() {
    assertThat(
            Stream.of(new StokerClassifier().params(), new StokerModel().params())
                .flatMap(Arrays::stream))
        .isNotEmpty()
        .allSatisfy(
            param -> {
              assertThat(param.getClass()).as(param.name()).isNotEqualTo(Param.class);
              if (param instanceof TextParam text) {
                assertThat(text.dataClass()).isEqualTo(String.class);
              }
            });
  }

  @Test
  void refusesParamsThatDoNotFitBeforeItReadsARow() {
    Dataset<Row> unreadable = images.withColumn("label", expr("raise_error('read')").cast("int"));

    refused(new StokerClassifier(), unreadable, "Missing model: set the param model");
    refused(classifier().setModel("lenet6"), images, "Unknown model");
    refused(
        classifier().setEarlyStoppingRounds(2),
        unreadable,
        "Missing validationIndicatorCol: early");
    refused(
        classifier().setAugmentations(new String[] {"flop"}), unreadable, "Unknown augmentation");
    refused(classifier().setSchedule("step"), unreadable, "Invalid rateEpochs: 0.0 with schedule");
    refused(classifier().setClassWeights("a=b"), unreadable, "Invalid classWeights: 'a=b'");
    refused(
        classifier().setDevice("gpu"), unreadable, "Invalid device: gpu, but this Spark session");
    refused(
        classifier().setInitModel(scratch.resolve("none").toString()),
        images,
        "Cannot find checkpoint");
    refused(
        classifier().setFeaturesCol("content").setInputCol("other"),
        unreadable,
        "Invalid columns: inputCol is 'other', and featuresCol, which is the same, is 'content'");
  }

  private static void refused(StokerClassifier classifier, Dataset<Row> rows, String reason) {
    assertThatThrownBy(() -> classifier.fit(rows))
        .isInstanceOf(InputException.class)
        .hasMessageContaining(reason)
        .message()
        .doesNotContain("\n")
        .doesNotContain("--");
  }

  @Test
  void aSchemaThatDoesNotFitTheModelIsRefusedInOneLine() {
    StokerModel model = classifier().setMaxIter(1).fit(images);

    assertThatThrownBy(() -> model.transform(images.select("label")))
        .isInstanceOf(InputException.class)
        .hasMessage("Unknown column: content (there are [label])");
    assertThatThrownBy(() -> model.transform(images.withColumn("content", lit(1))))
        .isInstanceOf(InputException.class)
        .hasMessageContaining("Invalid column content: it has the type int");
  }
}
